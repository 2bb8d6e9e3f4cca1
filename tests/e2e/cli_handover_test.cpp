#include "tests/e2e/clinic.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

// One home, several programs.
namespace wardline::e2e {
namespace {

class CliHandover : public ClinicTest {
protected:
    // A watch that has said that it watches.
    std::unique_ptr<RunningProgram> watching(
        const std::string& name, std::vector<std::string> arguments
    ) {
        arguments.insert(arguments.begin(), "watch");
        auto watch = start(name, arguments);
        const auto ready = [](const std::string& line) {
            return line.find("\"connection\"") != std::string::npos ||
                   line.find("Watching") != std::string::npos;
        };
        const bool json =
            std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
        EXPECT_FALSE((json ? watch->out_line(ready) : watch->err_line(ready)).empty());
        return watch;
    }
};

TEST_F(CliHandover, AThousandConcurrentSendsWhileWatchRunsEachArriveOnce) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    auto watch = watching("patient", {"--json"});
    constexpr int count = 1000;
    constexpr int at_once = 100;
    std::atomic<int> next{0};
    std::atomic<int> sent{0};
    std::vector<std::string> complaints(at_once);

    {
        std::vector<std::jthread> senders;
        for (int sender = 0; sender < at_once; ++sender) {
            senders.emplace_back([&, sender] {
                for (int number = next++; number < count; number = next++) {
                    const auto done = wardline(
                        "patient", {"send", "--json", "message " + std::to_string(number)}
                    );
                    if (done.exit_code == 0) ++sent;
                    if (done.exit_code != 0)
                        complaints[static_cast<std::size_t>(sender)] += done.err;
                }
            });
        }
    }

    EXPECT_EQ(sent.load(), count) << testing::PrintToString(complaints);
    EXPECT_EQ(watch->end_by(SIGTERM).exit_code, 0);
    const auto texts = texts_of(messages("anna", {"4711", "--limit", "1000"}));
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(
        (std::set<std::string>{texts.begin(), texts.end()}.size()), static_cast<std::size_t>(count)
    );
}

TEST_F(CliHandover, WatchShowsOneObjectALineAndCommandsRunBesideIt) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    auto watch = watching("anna", {"--open-all", "--json"});

    const auto seq = send("patient", {"hello"});

    const auto line = watch->out_line([](const std::string& text) {
        return text.find("\"hello\"") != std::string::npos;
    });
    ASSERT_FALSE(line.empty());
    EXPECT_EQ(Json::parse(line).at("seq"), seq);
    EXPECT_EQ(Json::parse(line).at("author"), "p:4711");
    // Without a password: the watch has the store open.
    const auto listed =
        run_program({WARDLINE_PATH, "inbox", "--json", "--home", home("anna").string()});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    EXPECT_EQ(listed.json().at("threads").size(), 1U);
    EXPECT_EQ(wardline("anna", {"read", "nobody", "--json"}).exit_code, 3);
    EXPECT_EQ(watch->end_by(SIGINT).exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(home("anna") / "handover.socket"));
}

TEST_F(CliHandover, AHeldHomeTakesCommandsUntilItsHolderIsGone) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    auto watch = watching("patient", {});

    const auto sent = wardline("patient", {"send", "-"}, "two\nlines\n");
    const auto second = wardline("patient", {"chat", "--json"});
    EXPECT_EQ(watch->end_by(SIGKILL).exit_code, 128 + SIGKILL);
    send("patient", {"still here"});

    EXPECT_EQ(sent.exit_code, 0) << sent.err;
    EXPECT_EQ(second.exit_code, 6) << second.err;
    EXPECT_EQ(second.error_code(), "local_store");
    EXPECT_EQ(
        texts_of(messages("anna", {"4711"})), (std::vector<std::string>{"two\nlines", "still here"})
    );
}

}  // namespace
}  // namespace wardline::e2e
