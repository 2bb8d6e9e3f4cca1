#include "clients/cli/handover_client.hpp"
#include "clients/cli/handover_server.hpp"
#include "clients/cli/unix_socket.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

namespace wardline::cli {
namespace {

HandoverRequest a_request(std::string text) {
    return {.arguments = {"send", std::move(text)}, .input = {}, .facts = {}, .answers = {}};
}

HandoverReply done(std::string out) {
    HandoverReply reply;
    reply.out = std::move(out);
    return reply;
}

// A holder as the program has it: one thread that runs what waits whenever it is woken.
class FakeHolder {
public:
    FakeHolder(const std::filesystem::path& home, HandoverServer::Executor execute) {
        thread_ = std::jthread{[this, home, execute](const std::stop_token& stop) {
            auto server = HandoverServer::listen(home, [this] { wake(); }).value();
            set_listening();
            while (!stop.stop_requested()) {
                server->run_waiting(execute);
                std::unique_lock lock{mutex_};
                changed_.wait(lock, stop, [&] { return woken_; });
                woken_ = false;
            }
        }};
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return listening_; });
    }

private:
    void wake() {
        const std::lock_guard lock{mutex_};
        woken_ = true;
        changed_.notify_all();
    }
    void set_listening() {
        const std::lock_guard lock{mutex_};
        listening_ = true;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool woken_{false};
    bool listening_{false};
    std::jthread thread_;
};

class Handover : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "wardline-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        home_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(home_); }

    std::filesystem::path home_;
};

TEST_F(Handover, BringsTheCommandOverAndItsAnswerBack) {
    HandoverRequest seen;
    const FakeHolder holder{home_, [&](const HandoverRequest& request) {
                                seen = request;
                                HandoverReply reply = done("out\n");
                                reply.err = "err\n";
                                reply.exit_code = 3;
                                return reply;
                            }};
    HandoverRequest request{
        .arguments = {"send", "--json", "-"},
        .input = "two\nlines \u202E",
        .facts =
            {.json = true,
             .in_terminal = true,
             .out_terminal = true,
             .colour = true,
             .columns = 99,
             .zone = "UTC"},
        .answers = {{"q", "a"}}
    };

    const auto reply = hand_over(home_, request);

    ASSERT_TRUE(reply) << reply.error().detail;
    ASSERT_TRUE(reply.value());
    EXPECT_EQ(reply.value()->out, "out\n");
    EXPECT_EQ(reply.value()->err, "err\n");
    EXPECT_EQ(reply.value()->exit_code, 3);
    EXPECT_EQ(seen.arguments, request.arguments);
    EXPECT_EQ(seen.input, request.input);
    EXPECT_EQ(seen.answers, request.answers);
    EXPECT_EQ(seen.facts.columns, 99U);
    EXPECT_EQ(seen.facts.zone, "UTC");
    EXPECT_TRUE(
        seen.facts.json && seen.facts.colour && seen.facts.in_terminal && seen.facts.out_terminal
    );
}

TEST_F(Handover, RunsEachOfAThousandConcurrentCommandsOnce) {
    std::multiset<std::string> ran;
    const FakeHolder holder{home_, [&](const HandoverRequest& request) {
                                ran.insert(request.arguments.back());
                                return done(request.arguments.back());
                            }};
    constexpr int threads = 50;
    constexpr int each = 20;
    std::atomic<int> answered{0};
    {
        std::vector<std::jthread> senders;
        for (int thread = 0; thread < threads; ++thread) {
            senders.emplace_back([&, thread] {
                for (int i = 0; i < each; ++i) {
                    const auto text = std::to_string(thread * each + i);
                    const auto reply = hand_over(home_, a_request(text));
                    if (reply && reply.value() && reply.value()->out == text) ++answered;
                }
            });
        }
    }

    EXPECT_EQ(answered.load(), threads * each);
    ASSERT_EQ(ran.size(), static_cast<std::size_t>(threads * each));
    EXPECT_EQ((std::set<std::string>{ran.begin(), ran.end()}.size()), ran.size());
}

TEST_F(Handover, ReachesAHomeWhosePathIsLongerThanASocketsName) {
    auto deep = home_;
    for (int i = 0; i < 5; ++i) deep /= std::string(60, 'd');
    std::filesystem::create_directories(deep);
    const FakeHolder holder{deep, [](const HandoverRequest&) { return done("deep"); }};

    const auto reply = hand_over(deep, a_request("x"));

    ASSERT_TRUE(reply && reply.value());
    EXPECT_EQ(reply.value()->out, "deep");
}

TEST_F(Handover, OnlyItsOwnerMayConnect) {
    const FakeHolder holder{home_, [](const HandoverRequest&) { return done(""); }};

    struct stat facts{};
    ASSERT_EQ(::stat((home_ / kHandoverSocket).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(Handover, AnswersNothingWhereNobodyListens) {
    const auto reply = hand_over(home_, a_request("x"));

    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply.value());
}

TEST_F(Handover, ReplacesTheSocketOfAHolderThatWasKilled) {
    {
        auto left = listen_in(home_, 1).value();  // Closed without being removed.
    }
    ASSERT_FALSE(hand_over(home_, a_request("x")).value());

    const FakeHolder holder{home_, [](const HandoverRequest&) { return done("new"); }};

    EXPECT_EQ(hand_over(home_, a_request("x")).value()->out, "new");
}

TEST_F(Handover, LeavesNoSocketBehind) {
    {
        const FakeHolder holder{home_, [](const HandoverRequest&) { return done(""); }};
    }

    EXPECT_FALSE(std::filesystem::exists(home_ / kHandoverSocket));
}

TEST_F(Handover, ToldToRetryWhenTheHolderEndsBeforeTheCommandRan) {
    std::atomic<bool> waits{false};
    auto server = HandoverServer::listen(home_, [&] {
                      waits = true;
                      waits.notify_all();
                  }).value();
    std::optional<bool> ran;
    std::jthread sender{[&] { ran = hand_over(home_, a_request("x")).value().has_value(); }};
    waits.wait(false);

    server.reset();
    sender.join();

    EXPECT_EQ(ran, false);
}

// A holder that dies: it takes a connection, answers `frames`, and is gone.
void die_after(int listener, const std::vector<std::string>& frames) {
    ::fcntl(listener, F_SETFL, 0);
    const Descriptor socket{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
    [[maybe_unused]] const auto request = read_frame(socket.get(), kHandoverRequestBytesMax);
    for (const auto& frame : frames) [[maybe_unused]]
        const auto written = write_frame(socket.get(), frame);
}

TEST_F(Handover, MayBeRepeatedWhenTheHolderDiedBeforeTheCommandBegan) {
    const auto listener = listen_in(home_, 1).value();
    const std::jthread holder{[&] { die_after(listener.get(), {}); }};

    const auto reply = hand_over(home_, a_request("x"));

    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply.value());
}

TEST_F(Handover, IsNeverRepeatedWhenTheHolderDiedAfterwards) {
    HandoverReply started;
    started.kind = HandoverReply::Kind::started;
    const auto listener = listen_in(home_, 1).value();
    const std::jthread holder{[&] { die_after(listener.get(), {encode(started)}); }};

    const auto reply = hand_over(home_, a_request("x"));

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::local_store);
}

TEST_F(Handover, DoesNotRunWhatItsSenderHasGivenUp) {
    int ran = 0;
    std::atomic<int> waiting{0};
    auto server = HandoverServer::listen(home_, [&] {
                      ++waiting;
                      waiting.notify_all();
                  }).value();
    {
        const auto socket = connect_in(home_, std::chrono::seconds{5}).value();
        ASSERT_TRUE(write_frame(socket.get(), encode(a_request("x"))));
        waiting.wait(0);
    }

    EXPECT_EQ(
        server->run_waiting([&](const HandoverRequest&) {
            ++ran;
            return done("");
        }),
        1U
    );

    EXPECT_EQ(ran, 0);
}

TEST_F(Handover, OutlivesAFrameThatIsNone) {
    const FakeHolder holder{home_, [](const HandoverRequest&) { return done("well"); }};
    for (const std::string& bytes :
         {std::string{"\0\0\0\2{]", 6}, std::string{"\xff\xff\xff\xff", 4}, std::string{"x"}}) {
        const auto socket = connect_in(home_, std::chrono::seconds{5}).value();
        ASSERT_EQ(
            ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size())
        );
        ::shutdown(socket.get(), SHUT_WR);
        EXPECT_FALSE(read_frame(socket.get(), 100).value());
    }

    EXPECT_EQ(hand_over(home_, a_request("x")).value()->out, "well");
}

TEST(HandoverFrames, RefuseWhatIsNoRequest) {
    for (const auto* frame : {"", "[]", "{}", R"({"v":2})", R"({"v":1,"arguments":[1]})", "\xff"}) {
        EXPECT_FALSE(decode_request(frame)) << frame;
        EXPECT_FALSE(decode_reply(frame)) << frame;
    }
}

TEST(HandoverChannelQuestions, EndTheCommandUntilTheyAreAnswered) {
    HandoverChannel channel{{}};
    channel.out("Two devices.\n");

    EXPECT_FALSE(channel.ask("Admit it? "));
    channel.err("an error that only carried the question out\n");
    const auto reply = std::move(channel).reply(2);

    EXPECT_EQ(reply.kind, HandoverReply::Kind::ask);
    EXPECT_EQ(reply.question, "Admit it? ");
    EXPECT_EQ(reply.out, "Two devices.\n");
    EXPECT_EQ(reply.err, "");
}

TEST(HandoverChannelQuestions, AreAnsweredByTheSameQuestionOnlyAndNothingIsSaidTwice) {
    HandoverChannel channel{{{"Admit it? ", "y"}}};
    channel.out("Two devices.\n");

    EXPECT_EQ(channel.ask("Admit it? ").value(), "y");
    channel.out("Admitted.\n");
    const auto reply = std::move(channel).reply(0);

    EXPECT_EQ(reply.kind, HandoverReply::Kind::done);
    EXPECT_EQ(reply.out, "Admitted.\n");
    HandoverChannel other{{{"Admit it? ", "y"}}};
    EXPECT_FALSE(other.ask("Admit another? "));
}

}  // namespace
}  // namespace wardline::cli
