#include "protocol/signal/keys.hpp"
#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

class PrekeysTest : public ServerTest {
protected:
    // A device whose identity is one of the Signal library's, as a real client's is.
    struct SignalDevice {
        TestDevice device;
        signal::SignalIdentity identity;
    };

    SignalDevice a_signal_device(const std::string& name) {
        const auto invite = clinic.invite(clinic.admin, name, trust::Role::clinician);
        auto device = clinic.new_device(invite.account);
        auto identity = signal::generate_identity().value();
        device.keys.identity = identity.public_key;
        auto enrolled = clinic.try_apply(clinic.enrolment(invite, device));
        EXPECT_TRUE(enrolled);
        store();
        return {device, identity};
    }
    Json put_body(const SignalDevice& of, std::uint32_t first, std::uint32_t count) {
        const auto signed_key =
            signal::generate_signed_prekey(of.identity, 1, clinic.now).value().key;
        auto one_time = Json::array();
        const auto keys = signal::generate_prekeys(first, count).value();
        for (const auto& key : keys) {
            one_time.push_back(signal::to_json(key.key));
        }
        return {
            {"registration", of.identity.registration},
            {"signed", signal::to_json(signed_key)},
            {"one_time", one_time}
        };
    }
    static Json devices(const std::vector<DeviceId>& ids) {
        auto list = Json::array();
        for (const auto& id : ids) list.push_back(cbor::binary(id.view()));
        return {{"devices", list}};
    }
};

TEST_F(PrekeysTest, AreHandedOutOnce) {
    const auto owner = a_signal_device("sara");
    auto from_owner = connect(owner.device);
    EXPECT_EQ(from_owner.ask("prekeys-put", put_body(owner, 1, 2))["one_time_prekeys"], 2);
    auto from_nurse = connect(nurse);
    const auto ask = devices({owner.device.id, reception.id});

    const auto first = from_nurse.ask("prekeys-get", ask)["bundles"];
    const auto second = from_nurse.ask("prekeys-get", ask)["bundles"];
    const auto third = from_nurse.ask("prekeys-get", ask)["bundles"];

    // Reception has uploaded none, so it is left out.
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0]["registration"], owner.identity.registration);
    EXPECT_NE(first[0]["one_time"]["id"], second[0]["one_time"]["id"]);
    EXPECT_TRUE(third[0]["one_time"].is_null());
    EXPECT_TRUE(third[0]["signed"].contains("sig"));
}

TEST_F(PrekeysTest, OneAccountCannotDrainADevice) {
    const auto owner = a_signal_device("sara");
    auto from_owner = connect(owner.device);
    from_owner.ask("prekeys-put", put_body(owner, 1, 100));
    auto from_nurse = connect(nurse);
    std::string code = "ok";
    int fetched = 0;

    while (code == "ok" && fetched < 200) {
        code = code_of(from_nurse.ask("prekeys-get", devices({owner.device.id})));
        if (code == "ok") ++fetched;
    }

    EXPECT_EQ(code, "rate_limited");
    EXPECT_LE(fetched, 10);
    auto from_other = connect(outsider);
    EXPECT_EQ(code_of(from_other.ask("prekeys-get", devices({owner.device.id}))), "ok");
}

TEST_F(PrekeysTest, AreForThoseWhoMayWriteToEachOther) {
    auto from_other = connect(outsider);
    auto from_patient = connect(patient);

    EXPECT_EQ(code_of(from_other.ask("prekeys-get", devices({patient.id}))), "forbidden");
    EXPECT_EQ(code_of(from_patient.ask("prekeys-get", devices({outsider.id}))), "forbidden");
    EXPECT_EQ(code_of(from_patient.ask("prekeys-get", devices({nurse.id}))), "ok");
}

TEST_F(PrekeysTest, ASignedPrekeyIsCheckedAtUpload) {
    const auto owner = a_signal_device("sara");
    const auto thief = a_signal_device("theo");
    auto from_thief = connect(thief.device);

    const auto answer = from_thief.ask("prekeys-put", put_body(owner, 1, 1));

    EXPECT_EQ(code_of(answer), "bad_signature");
}

TEST_F(PrekeysTest, TooManyAreRefused) {
    const auto owner = a_signal_device("sara");
    auto client = connect(owner.device);
    EXPECT_EQ(code_of(client.ask("prekeys-put", put_body(owner, 1, 100))), "ok");
    EXPECT_EQ(code_of(client.ask("prekeys-put", put_body(owner, 101, 100))), "ok");

    EXPECT_EQ(code_of(client.ask("prekeys-put", put_body(owner, 201, 1))), "too_large");
}

}  // namespace
}  // namespace wardline::testing
