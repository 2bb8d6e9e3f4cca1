#include "protocol/trust/login.hpp"
#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

class EnrolmentTest : public ServerTest {
protected:
    Json begin_body(const TestInvite& invite) {
        const auto secret = trust::invite_signing_secret(invite.secret);
        const auto handle = trust::invite_handle(invite.statement);
        const auto sig = trust::sign_enrol_begin(secret, handle, clinic.now);
        return {
            {"invite", cbor::binary(handle.view())},
            {"key", cbor::binary(crypto::signing_key_of(secret).view())},
            {"time", clinic.now.ms},
            {"sig", cbor::binary(sig.view())}
        };
    }
};

TEST_F(EnrolmentTest, AnInviteMakesADeviceThatLogsIn) {
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    const auto begun = node.post("/v1/enrol/begin", begin_body(invite));
    EXPECT_EQ(begun["clinic"].size(), clinic.chain.size());
    EXPECT_TRUE(begun["patient"].is_null());
    EXPECT_FALSE(begun["more"].get<bool>());

    const auto device = clinic.new_device(invite.account);
    const auto grant = clinic.enrolment(invite, device);
    const auto done = node.post("/v1/enrol/finish", {{"statement", statement_json(grant)}});

    EXPECT_GT(done["seq"].get<Seq>(), 0U);
    RawClient client{node};
    EXPECT_EQ(client.login(device, clinic.id)["account"], "s:nils");
}

TEST_F(EnrolmentTest, APatientsInviteComesWithThePatientsChain) {
    const auto invite = clinic.invite_patient("P-1", reception);
    store();
    auto body = begin_body(invite);
    const auto first = node.post("/v1/enrol/begin", body);
    EXPECT_TRUE(first["more"].get<bool>());
    body["clinic_from"] = first["clinic"].size();

    const auto second = node.post("/v1/enrol/begin", body);

    EXPECT_EQ(second["clinic"].size(), 0U);
    EXPECT_EQ(second["patient"].size(), clinic.patient("P-1").size());
    EXPECT_FALSE(second["more"].get<bool>());
}

TEST_F(EnrolmentTest, TheSameGrantAgainGetsItsFirstAnswer) {
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    const auto grant = clinic.enrolment(invite, clinic.new_device(invite.account));
    const Json body{{"statement", statement_json(grant)}};
    const auto first = node.post("/v1/enrol/finish", body);

    const auto again = node.post("/v1/enrol/finish", body);

    EXPECT_EQ(again["seq"], first["seq"]);
}

TEST_F(EnrolmentTest, ASecondUseIsRefusedAndAlarmsTheIssuer) {
    auto admin = connect(clinic.admin);
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    const auto stolen = clinic.new_device(invite.account);
    clinic.enrol(invite);
    store();

    const auto begun = node.post("/v1/enrol/begin", begin_body(invite));
    const auto finished = node.post(
        "/v1/enrol/finish", {{"statement", statement_json(clinic.enrolment(invite, stolen))}}
    );

    EXPECT_EQ(code_of(begun), "invite_used");
    EXPECT_EQ(code_of(finished), "invite_used");
    const auto alarm = admin.push("alarm");
    EXPECT_EQ(alarm["code"], "invite_used");
    const auto handle = trust::invite_handle(invite.statement);
    EXPECT_EQ(Bytes{alarm["invite"].get_binary()}, handle.bytes());
    const auto refusals = stored_details(audit::EntryKind::refusal);
    ASSERT_FALSE(refusals.empty());
    EXPECT_EQ(refusals.back()["act"], "enrol");
}

TEST_F(EnrolmentTest, WithoutTheSecretAnInviteIsUnknown) {
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    auto body = begin_body(invite);
    body["sig"] = cbor::binary(Signature{}.view());

    EXPECT_EQ(code_of(node.post("/v1/enrol/begin", body)), "invite_unknown");
}

TEST_F(EnrolmentTest, AnInviteEnds) {
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    clinic.pass(4 * trust::kDayMs);
    unsigned status = 0;

    EXPECT_EQ(code_of(node.post("/v1/enrol/begin", begin_body(invite), &status)), "invite_expired");
    EXPECT_EQ(status, 410U);
}

TEST_F(EnrolmentTest, AnInviteOfASensitiveRoleWaitsForASecondPerson) {
    const auto invite = clinic.invite(clinic.admin, "mara", trust::Role::manager);
    store();

    EXPECT_EQ(code_of(node.post("/v1/enrol/begin", begin_body(invite))), "invite_pending");
}

}  // namespace
}  // namespace wardline::testing
