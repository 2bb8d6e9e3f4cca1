#include "tests/adversary/forging.hpp"

// Answers and pushes in which every field is, in turn, of every wrong form. Whatever a client makes
// of them is an error with a code; it never falls over, and afterwards all is as it was.
namespace wardline::adversary {
namespace {

const std::vector<Json>& wrong_values() {
    static const std::vector<Json> values{nullptr, -1, UINT64_MAX, "x", Json::object()};
    return values;
}

class MalformedAnswersTest : public PracticeTest {
protected:
    // Everything that a member of staff does in a day, whatever it comes to.
    void work() {
        auto& anna = at("anna");
        anna.disconnect();
        (void)anna.inbox();
        (void)anna.open_thread(kPatient);
        (void)anna.history(kPatient, 10);
        (void)anna.receipts(kPatient);
        (void)anna.unconfirmed(kPatient);
    }
    std::vector<std::string> fields_of(const std::string& type, const std::function<void()>& act) {
        std::vector<std::string> fields;
        server().lie({.answer = [&](const Line&, const Json& request, Json& answer) {
            if (request.at("t") != type || !fields.empty()) return true;
            for (const auto& [key, value] : answer.items()) {
                if (key != "id") fields.push_back(key);
            }
            return true;
        }});
        act();
        server().be_honest();
        return fields;
    }
    void spoil(const std::string& type, const std::function<void()>& act) {
        const auto fields = fields_of(type, act);
        EXPECT_FALSE(fields.empty()) << type << " was never asked";
        for (const auto& field : fields) {
            for (const auto& value : wrong_values()) {
                SCOPED_TRACE(type + " " + field + " " + value.dump());
                server().lie({.answer = [&](const Line&, const Json& request, Json& answer) {
                    if (request.at("t") == type && answer.contains(field)) answer[field] = value;
                    return true;
                }});
                EXPECT_NO_THROW(act());
                server().be_honest();
            }
        }
    }
};

TEST_F(MalformedAnswersTest, OfNoRequestMakeAClientFallOver) {
    send("patient", "one");
    for (const auto* type :
         {"login", "chain", "sync", "threads", "open", "history", "inclusion", "receipts"})
        spoil(type, [this] { work(); });
    EXPECT_EQ(texts("anna"), Texts{"one"});
}

TEST_F(MalformedAnswersTest, OfWhatIsAskedToSendMakeAClientFallOver) {
    for (const auto* type : {"recipients", "send"}) {
        spoil(type, [this] {
            at("patient").disconnect();
            (void)at("patient").send_text(std::nullopt, "again");
        });
    }
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());
    const auto read = texts("anna");
    EXPECT_FALSE(read.empty());
    for (const auto& text : read) EXPECT_EQ(text, "again");
}

TEST_F(MalformedAnswersTest, GreetingsMakeNoClientFallOver) {
    auto& anna = at("anna");
    for (const std::string field : {"t", "versions", "clinic", "nonce"}) {
        for (const auto& value : wrong_values()) {
            SCOPED_TRACE(field + " " + value.dump());
            anna.disconnect();
            server().lie({.push = [&](const Line&, Json& push) {
                if (push.at("t") == "hello") push[field] = value;
                return true;
            }});
            const auto greeted = anna.connect();
            server().be_honest();
            ASSERT_FALSE(greeted);
            if (field == "t") EXPECT_EQ(greeted.error().code, Code::unreachable);
        }
    }
    EXPECT_TRUE(anna.connect());
}

TEST_F(MalformedAnswersTest, PushesMakeNoClientFallOver) {
    send("anna", "one");
    ASSERT_EQ(texts("patient"), Texts{"one"});
    auto& patient = at("patient");
    for (const auto* type : {"entry", "receipts", "head", "alarm", "bye", "hello", "unknown"}) {
        for (const auto* field : {"entry", "thread", "head", "code", "retry_after_ms"}) {
            for (const auto& value : wrong_values()) {
                SCOPED_TRACE(std::string{type} + " " + field + " " + value.dump());
                if (!patient.online()) ASSERT_TRUE(patient.connect());
                server().push(patient.device(), {{"t", type}, {field, value}});
                EXPECT_NO_THROW((void)patient.next_event(client::Milliseconds{1}));
            }
        }
    }
    EXPECT_EQ(texts("patient"), Texts{"one"});
}

}  // namespace
}  // namespace wardline::adversary
