#include "protocol/base/cbor.hpp"
#include "tests/e2e/client_people.hpp"

// What a client makes of a bad network and of a server that cheats.
namespace wardline::e2e {
namespace {

using Texts = std::vector<std::string>;

class ClientAdversaryTest : public ClientConversationTest {
protected:
    void lose(Fate fate, const std::string& request, int times) {
        line_.meddling.fate = [=, left = times](const std::string& type) mutable {
            if (type != request || left == 0) return Fate::pass;
            --left;
            return fate;
        };
    }
    void change(const std::string& request, std::function<void(client::Json&)> how) {
        line_.meddling.answer = [=](const std::string& type, client::Json& answer) {
            if (type == request) how(answer);
        };
    }
    void be_honest() { line_.meddling = Meddling{}; }

    void expect_alarm(const std::string& name) {
        at(name).disconnect();
        const auto up = at(name).connect();
        ASSERT_FALSE(up);
        EXPECT_EQ(up.error().code, Code::trust_alarm) << up.error().detail;
    }
};

// A byte in the middle of a byte string.
void flip(client::Json& item) {
    auto& bytes = item.get_binary();
    bytes[bytes.size() / 2] ^= 1;
}

TEST_F(ClientAdversaryTest, AMessageWhoseAnswerIsLostStandsOnce) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_answer, "send", 2);
    const auto first = at("patient").send_text(std::nullopt, "one");
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first.value().state, client::MessageState::queued);
    at("patient").disconnect();
    EXPECT_FALSE(at("patient").connect());  // Lost once more, on the way of what is queued.
    be_honest();
    send("patient", "two");

    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

TEST_F(ClientAdversaryTest, AMessageThatNeverArrivedIsSentAgain) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_request, "send", 1);
    const auto first = at("patient").send_text(std::nullopt, "one");
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first.value().state, client::MessageState::queued);
    be_honest();
    ASSERT_TRUE(at("patient").connect());

    EXPECT_EQ(texts("anna"), (Texts{"one"}));
}

// The answer to the first version is lost, and before it is sent again the readers change:
// whichever version stands, the text stands once.
TEST_F(ClientAdversaryTest, AVersionWithALostAnswerThatIsMadeAgainStandsOnce) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_answer, "send", 1);
    ASSERT_TRUE(at("patient").send_text(std::nullopt, "one"));
    be_honest();
    enrol("anna-laptop", at("anna").invite_device());
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    ASSERT_TRUE(at("patient").connect());
    send("patient", "two");

    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna-laptop"), (Texts{"one", "two"}));
}

TEST_F(ClientAdversaryTest, AShorterClinicIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    line_.meddling.answer = [](const std::string& type, client::Json& answer) {
        if (type == "login") answer["clinic_head"]["pos"] = 1'000;
        if (type == "chain") answer["entries"] = client::Json::array();
    };
    expect_alarm("anna");

    be_honest();
    EXPECT_TRUE(at("anna").connect());
}

TEST_F(ClientAdversaryTest, AnotherClinicAtAKnownPlaceIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    change("login", [](client::Json& answer) { flip(answer["clinic_head"]["hash"]); });
    expect_alarm("anna");
}

TEST_F(ClientAdversaryTest, AStatementThatWasChangedIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    at("anna").disconnect();
    ASSERT_TRUE(office().create_team(team("second"), {staff("anna")}));
    change("chain", [](client::Json& answer) {
        for (auto& entry : answer["entries"]) flip(entry["statement"]["sig"]);
    });
    expect_alarm("anna");
}

TEST_F(ClientAdversaryTest, AStatementThatIsNotInTheJournalIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    at("anna").disconnect();
    ASSERT_TRUE(office().create_team(team("second"), {staff("anna")}));
    change("inclusion", [](client::Json& answer) {
        for (auto& path : answer["paths"]) {
            if (!path.empty()) flip(path[0]);
        }
    });
    expect_alarm("anna");
}

TEST_F(ClientAdversaryTest, AJournalThatDoesNotContinueIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    change("consistency", [](client::Json& answer) {
        for (auto& hash : answer["path"]) flip(hash);
    });
    at("anna").disconnect();
    send("patient", "so that the journal grows");
    expect_alarm("anna");
}

TEST_F(ClientAdversaryTest, AKeyThatIsNotTheDevicesIsAnAlarmAndNothingIsSent) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    change("prekeys-get", [](client::Json& answer) {
        for (auto& bundle : answer["bundles"]) flip(bundle["signed"]["key"]);
    });
    const auto sent = at("patient").send_text(std::nullopt, "for anna only");
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::trust_alarm) << sent.error().detail;
    be_honest();
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());

    EXPECT_EQ(texts("anna"), (Texts{"for anna only"}));
}

TEST_F(ClientAdversaryTest, AReaderThatNobodyAdmittedIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    const auto stranger = at("admin").device();
    change("recipients", [=](client::Json& answer) {
        answer["devices"].push_back(cbor::binary(stranger.view()));
    });
    const auto sent = at("patient").send_text(std::nullopt, "not for admin");
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::trust_alarm) << sent.error().detail;
}

TEST_F(ClientAdversaryTest, AMessageInAnothersPlaceIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "one");
    send("patient", "two");
    ASSERT_TRUE(at("anna").open_thread(kPatient));
    change("history", [](client::Json& answer) {
        auto& entries = answer["entries"];
        if (entries.size() == 2) std::swap(entries[0]["message"], entries[1]["message"]);
    });
    const auto page = at("anna").history(kPatient, 10);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, Code::trust_alarm) << page.error().detail;
}

TEST_F(ClientAdversaryTest, ALiveSlotThatWasSpoiledFallsBackToTheReaderSlot) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "readable all the same");
    ASSERT_TRUE(at("anna").open_thread(kPatient));
    change("history", [](client::Json& answer) {
        for (auto& entry : answer["entries"]) {
            if (entry.contains("live")) flip(entry["live"][1]);
        }
    });
    const auto page = at("anna").history(kPatient, 10);
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page.value().messages.size(), 1U);
    EXPECT_EQ(page.value().messages.front().text, "readable all the same");
}

TEST_F(ClientAdversaryTest, AServerWithAnotherKeyIsAnAlarm) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    client::Endpoint server{
        .host = "127.0.0.1", .port = static_cast<std::uint16_t>(port_), .pin = Hash{}
    };
    const auto connection = client::tls_connector().connect(server, std::chrono::seconds{10});
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, Code::trust_alarm);

    server.pin.reset();
    const auto unknown = client::tls_connector().connect(server, std::chrono::seconds{10});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::unreachable);
}

}  // namespace
}  // namespace wardline::e2e
