#include "tests/e2e/client_people.hpp"

// What a client makes of a network that loses requests and answers. What it makes of a server that
// cheats: tests/adversary.
namespace wardline::e2e {
namespace {

using Texts = std::vector<std::string>;

class ClientBadNetworkTest : public ClientConversationTest {
protected:
    void lose(Fate fate, const std::string& request, int times) {
        line_.fate = [=, left = times](const std::string& type) mutable {
            if (type != request || left == 0) return Fate::pass;
            --left;
            return fate;
        };
    }
    void mend() { line_.fate = pass_all; }
};

TEST_F(ClientBadNetworkTest, AMessageWhoseAnswerIsLostStandsOnce) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_answer, "send", 2);
    const auto first = at("patient").send_text(std::nullopt, "one");
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first.value().state, client::MessageState::queued);
    at("patient").disconnect();
    EXPECT_FALSE(at("patient").connect());  // Lost once more, on the way of what is queued.
    mend();
    send("patient", "two");

    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

TEST_F(ClientBadNetworkTest, AMessageThatNeverArrivedIsSentAgain) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_request, "send", 1);
    const auto first = at("patient").send_text(std::nullopt, "one");
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first.value().state, client::MessageState::queued);
    mend();
    ASSERT_TRUE(at("patient").connect());

    EXPECT_EQ(texts("anna"), (Texts{"one"}));
}

// The answer to the first version is lost, and before it is sent again the readers change:
// whichever version stands, the text stands once.
TEST_F(ClientBadNetworkTest, AVersionWithALostAnswerThatIsMadeAgainStandsOnce) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    lose(Fate::lose_answer, "send", 1);
    ASSERT_TRUE(at("patient").send_text(std::nullopt, "one"));
    mend();
    enrol("anna-laptop", at("anna").invite_device());
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    ASSERT_TRUE(at("patient").connect());
    send("patient", "two");

    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna-laptop"), (Texts{"one", "two"}));
}

}  // namespace
}  // namespace wardline::e2e
