#include "protocol/signal/keys.hpp"

#include "protocol/message/slots.hpp"
#include "tests/adversary/forging.hpp"

#include <gmock/gmock.h>

// A server that answers with keys of its own, old ones or none, and names readers that nobody
// admitted.
namespace wardline::adversary {
namespace {

using ::testing::HasSubstr;

class KeysTest : public PracticeTest {
protected:
    void change(const std::string& type, std::function<void(Json& answer)> how) {
        server().lie(
            {.request =
                 [this](const Line&, Json& request) {
                     if (request.at("t") == "send") sent_.push_back(request);
                     return true;
                 },
             .answer =
                 [=](const Line&, const Json& request, Json& answer) {
                     if (request.at("t") == type) how(answer);
                     return true;
                 }}
        );
    }
    void expect_nothing_sent_then_delivered(const std::string& text) {
        EXPECT_TRUE(sent_.empty());
        server().be_honest();
        at("patient").disconnect();
        ASSERT_TRUE(at("patient").connect());
        EXPECT_EQ(texts("anna"), Texts{text});
    }

    std::vector<Json> sent_;
};

TEST_F(KeysTest, AnIdentityThatIsNotTheDevicesIsAnAlarmAndNothingIsSent) {
    // Whole and well signed, by an identity of the server's own.
    const auto own = signal::generate_identity().value();
    const auto made = signal::generate_signed_prekey(own, 1, now()).value();
    change("prekeys-get", [=](Json& answer) {
        for (auto& bundle : answer["bundles"]) {
            bundle["signed"] = signal::to_json(made.key);
            bundle["registration"] = own.registration;
            bundle["one_time"] = nullptr;
        }
    });
    const auto sent = at("patient").send_text(std::nullopt, "for anna only");
    EXPECT_THAT(alarm_of(sent), HasSubstr("that is not that device's"));
    expect_nothing_sent_then_delivered("for anna only");
}

TEST_F(KeysTest, APrekeyThatWasChangedIsAnAlarmAndNothingIsSent) {
    for (const auto* part : {"key", "sig"}) {
        change("prekeys-get", [=](Json& answer) {
            for (auto& bundle : answer["bundles"]) flip(bundle["signed"][part]);
        });
        at("patient").disconnect();
        EXPECT_NE(alarm_of(at("patient").send_text(std::nullopt, part)), "");
    }
    EXPECT_TRUE(sent_.empty());
}

// A one-time prekey carries no signature: a forged, old or missing one costs forward secrecy of a
// first message at most, and it is read all the same.
TEST_F(KeysTest, ForgedReplayedAndDrainedOneTimePrekeysKeepNobodyFromReading) {
    const auto forged = signal::generate_prekeys(77, 1).value();
    Json replayed;
    const std::vector<std::function<void(Json & answer)>> lies{
        [&](Json& answer) {
            for (auto& bundle : answer["bundles"])
                bundle["one_time"] = signal::to_json(forged.front().key);
        },
        [&](Json& answer) {
            if (replayed.is_null()) replayed = answer["bundles"];
            answer["bundles"] = replayed;
        },
        [&](Json& answer) { answer["bundles"] = replayed; },
        [](Json& answer) {
            for (auto& bundle : answer["bundles"]) bundle["one_time"] = nullptr;
        },
        [](Json& answer) { answer["bundles"] = Json::array(); },
    };
    Texts expected;
    for (std::size_t i = 0; i < lies.size(); ++i) {
        // Each begins a session of its own.
        const auto id = patient_id("5" + std::to_string(i));
        const auto name = "patient" + std::to_string(i);
        ASSERT_NO_FATAL_FAILURE(add_patient(id, name));
        change("prekeys-get", lies[i]);
        const auto sent = at(name).send_text(std::nullopt, "read all the same");
        ASSERT_TRUE(sent) << i << ": " << sent.error().detail;
        server().be_honest();
        EXPECT_EQ(texts("anna", id), Texts{"read all the same"}) << i;
    }
}

// A server that says at every login that all prekeys are gone gets no more than a bounded number.
TEST_F(KeysTest, AServerThatWantsPrekeysWithoutEndFillsNoStore) {
    std::size_t uploaded{0};
    server().lie(
        {.request =
             [&](const Line&, Json& request) {
                 if (request.at("t") != "prekeys-put") return true;
                 uploaded += request.at("one_time").size();
                 request["one_time"] = Json::array();  // The honest part would refuse so many.
                 return true;
             },
         .answer =
             [](const Line&, const Json& request, Json& answer) {
                 if (request.at("t") == "login") answer["one_time_prekeys"] = 0;
                 return true;
             }}
    );
    for (int i = 0; i < 15; ++i) {
        at("patient").disconnect();
        ASSERT_TRUE(at("patient").connect());
    }
    EXPECT_GT(uploaded, 1'000U);
    const auto kept = at("patient").session().store->count(client::Space{"prekey"});
    ASSERT_TRUE(kept);
    EXPECT_LE(kept.value(), 1'000U);
}

TEST_F(KeysTest, AReaderThatNobodyAdmittedIsAnAlarm) {
    const auto stranger = at("admin").device();
    const auto made_up = a_puppet(Account::staff(staff("eve"))).id;
    for (const auto& device : {stranger, made_up}) {
        change("recipients", [=](Json& answer) {
            answer["devices"].push_back(cbor::binary(device.view()));
        });
        at("patient").disconnect();
        const auto sent = at("patient").send_text(std::nullopt, "not for others");
        EXPECT_THAT(alarm_of(sent), HasSubstr("for a device that nobody admitted"));
    }
    EXPECT_TRUE(sent_.empty());
}

// The server says that readers have changed, and names some: the next version is for whom the
// chains name.
TEST_F(KeysTest, ReadersThatTheServerDemandsGetNothing) {
    const auto stranger = at("admin").device();
    int refusals{0};
    server().lie(
        {.request =
             [&](const Line&, Json& request) {
                 if (request.at("t") == "send") sent_.push_back(request);
                 return true;
             },
         .answer =
             [&](const Line&, const Json& request, Json& answer) {
                 if (request.at("t") != "send" || ++refusals > 3) return true;
                 answer = {
                     {"t", "error"},
                     {"id", answer["id"]},
                     {"code", "recipients_changed"},
                     {"missing", Json::array({cbor::binary(stranger.view())})},
                     {"extra", Json::array()}
                 };
                 return true;
             }}
    );
    (void)at("patient").send_text(std::nullopt, "for the practice");
    ASSERT_GE(sent_.size(), 3U);
    for (const auto& request : sent_) {
        for (const auto& slot : request.at("live"))
            EXPECT_NE(DeviceId::from(slot[0].get_binary()).value(), stranger);
        const auto slots =
            message::parse_slots(request.at("message").at("slots").get_binary()).value();
        for (const auto& slot : slots) EXPECT_EQ(slot.to.find(stranger.hex()), std::string::npos);
    }
}

// A colleague's own box of the team's key, changed or sealed by the server around a key of its own.
TEST_F(KeysTest, BoxesOfTheServersOwnMakingAreAnAlarm) {
    send("patient", "for the team");
    enrol("bert", office().invite_staff(staff("bert"), "clinician", {}));
    const auto waiting = at("anna").admissible(staff("bert"));
    ASSERT_TRUE(waiting);
    const auto& device = waiting.value().front().id;
    ASSERT_TRUE(at("anna").admit(staff("bert"), team("practice"), device));
    const auto& clinic = at("anna").session().chains.clinic();
    const auto own = crypto::random_secret<BoxSecret>(crypto::system_random());
    const trust::EpochName name{
        .reader = trust::team_reader(team("practice")), .number = 1, .key = crypto::box_key_of(own)
    };
    const auto box = trust::make_admit_box(own, name, clinic.device(device)->keys.box).value();
    change("boxes", [=](Json& answer) {
        for (auto& one : answer["boxes"]) flip(one);
    });
    EXPECT_THAT(alarm_of(read("bert")), HasSubstr("other boxes of a key than their maker signed"));
    change("boxes", [=](Json& answer) {
        for (auto& one : answer["admitted"]) one["box"] = cbor::binary(box.view());
    });
    restart("bert");
    EXPECT_THAT(alarm_of(read("bert")), HasSubstr("other boxes of a key than their maker signed"));
    server().be_honest();

    restart("bert");
    EXPECT_EQ(texts("bert"), Texts{"for the team"});
}

}  // namespace
}  // namespace wardline::adversary
