#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

class StatementTest : public ServerTest {
protected:
    Json boxes_json(const trust::EpochBoxes& boxes) { return trust::boxes_to_json(boxes.boxes); }
};

TEST_F(StatementTest, IsStoredWhereItsAuthorMayPutIt) {
    auto admin = connect(clinic.admin);
    const auto team =
        clinic.next(clinic.admin.signing, trust::TeamCreate{a_team("night"), {staff("rita")}});

    const auto done = admin.ask("statement", {{"statement", statement_json(team)}});

    ASSERT_EQ(code_of(done), "ok");
    EXPECT_EQ(done["seq"].get<Seq>(), node.journal.seen());
    const auto details = stored_details(audit::EntryKind::statement).back();
    EXPECT_EQ(details["actor"], "s:admin");
    EXPECT_EQ(details["type"], "team");
    EXPECT_EQ(details["chain"], "clinic");
    // The same once more: its answer may have been lost.
    const auto again = admin.ask("statement", {{"statement", statement_json(team)}});
    EXPECT_EQ(again["seq"], done["seq"]);
}

TEST_F(StatementTest, APositionIsTakenOnce) {
    auto admin = connect(clinic.admin);
    const auto late =
        clinic.next(clinic.admin.signing, trust::TeamCreate{a_team("late"), {staff("rita")}});
    clinic.team("early", {staff("rita")});
    store();

    const auto answer = admin.ask("statement", {{"statement", statement_json(late)}});

    EXPECT_EQ(code_of(answer), "chain_moved");
    EXPECT_EQ(answer["pos"].get<std::uint64_t>(), clinic.chain.head().pos);
    EXPECT_EQ(Bytes{answer["hash"].get_binary()}, clinic.chain.head().hash.bytes());
}

TEST_F(StatementTest, WithoutTheCapabilityItIsRefusedAndFiled) {
    auto from_nurse = connect(nurse);
    const auto team =
        clinic.next(nurse.signing, trust::TeamCreate{a_team("mine"), {staff("nora")}});

    const auto answer = from_nurse.ask("statement", {{"statement", statement_json(team)}});

    EXPECT_EQ(code_of(answer), "forbidden");
    const auto refusal = stored_details(audit::EntryKind::refusal).back();
    EXPECT_EQ(refusal["actor"], "s:nora");
    EXPECT_EQ(refusal["act"], "statement");
}

TEST_F(StatementTest, NobodyHandsInAnothersStatement) {
    auto from_nurse = connect(nurse);
    const auto team =
        clinic.next(clinic.admin.signing, trust::TeamCreate{a_team("night"), {staff("rita")}});

    const auto answer = from_nurse.ask("statement", {{"statement", statement_json(team)}});

    EXPECT_EQ(code_of(answer), "forbidden");
}

TEST_F(StatementTest, AWrongSignatureIsRefused) {
    auto admin = connect(clinic.admin);
    auto statement = statement_json(
        clinic.next(clinic.admin.signing, trust::TeamCreate{a_team("night"), {staff("rita")}})
    );
    statement["sig"] = cbor::binary(Signature{}.view());

    EXPECT_EQ(code_of(admin.ask("statement", {{"statement", statement}})), "bad_signature");
}

TEST_F(StatementTest, AnEpochComesWithExactlyItsBoxes) {
    clinic.must(clinic.admin.signing, trust::Revoke{nurse.id});
    store();
    auto from_reception = connect(reception);
    const auto hash = clinic.next_epoch(front, reception);
    const auto& boxes = clinic.epoch_boxes.at(hash);
    Json body{{"statement", statement_json(clinic.journal.back())}, {"previous", boxes.previous}};

    EXPECT_EQ(code_of(from_reception.ask("statement", body)), "bad_statement");
    body["boxes"] = boxes_json({{boxes.boxes.begin(), boxes.boxes.end() - 1}, false});
    EXPECT_EQ(code_of(from_reception.ask("statement", body)), "bad_statement");
    body["boxes"] = boxes_json(boxes);
    EXPECT_EQ(code_of(from_reception.ask("statement", body)), "ok");
    ++stored;

    const auto answer = from_reception.ask("boxes", {{"epoch", cbor::binary(hash.view())}});
    EXPECT_EQ(answer["boxes"], boxes_json(boxes));
    EXPECT_EQ(answer["previous"], boxes.previous);
    auto from_other = connect(outsider);
    EXPECT_EQ(
        code_of(from_other.ask("boxes", {{"epoch", cbor::binary(hash.view())}})), "forbidden"
    );
}

TEST_F(StatementTest, AnAdmissionBringsItsBox) {
    const auto second = clinic.a_further_device(nurse);
    clinic.admit(front, nurse, second);
    store();
    auto client = connect(second);
    const auto& epoch = clinic.chain.team(front)->epochs.newest()->hash;

    const auto answer = client.ask("boxes", {{"epoch", cbor::binary(epoch.view())}});

    ASSERT_EQ(answer["admitted"].size(), 2U);
    EXPECT_EQ(Bytes{answer["admitted"][1]["device"].get_binary()}, second.id.bytes());
}

TEST_F(StatementTest, APatientsChainIsForThoseWhoMaySeeIt) {
    const auto auditor = clinic.a_staff_device("alma", trust::Role::auditor);
    store();
    const Json ask{{"chain", "patient/P-1"}, {"from", 0}, {"limit", 256}};
    auto from_patient = connect(patient);
    auto from_nurse = connect(nurse);
    auto from_auditor = connect(auditor);

    const auto size = clinic.patient("P-1").size();
    EXPECT_EQ(from_patient.ask("chain", ask)["entries"].size(), size);
    EXPECT_EQ(from_nurse.ask("chain", ask)["entries"].size(), size);
    EXPECT_EQ(code_of(from_auditor.ask("chain", ask)), "forbidden");
    const auto page = from_auditor.ask("chain", {{"chain", "clinic"}, {"from", 2}, {"limit", 3}});
    EXPECT_EQ(page["entries"].size(), 3U);
    EXPECT_TRUE(page["more"].get<bool>());
}

TEST_F(StatementTest, AKeyIsGrantedOnceInTheWholeClinic) {
    const auto invite = clinic.invite(clinic.admin, "twin", trust::Role::clinician);
    store();
    auto twin = patient;
    twin.account = invite.account;

    const auto answer = node.post(
        "/v1/enrol/finish", {{"statement", statement_json(clinic.enrolment(invite, twin))}}
    );

    EXPECT_EQ(code_of(answer), "bad_statement");
}

TEST_F(StatementTest, TwoPatientsDoNotShareAThread) {
    auto from_reception = connect(reception);
    const auto opening = clinic.next(
        "P-2",
        reception.signing,
        trust::PatientOpen{a_patient("P-2"), clinic.patient("P-1").thread(), {front}}
    );

    const auto answer = from_reception.ask("statement", {{"statement", statement_json(opening)}});

    EXPECT_EQ(code_of(answer), "bad_statement");
}

}  // namespace
}  // namespace wardline::testing
