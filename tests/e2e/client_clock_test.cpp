#include "tests/e2e/client_people.hpp"

#include <algorithm>

// A device with a wrong clock: it is told, and everything goes on.
namespace wardline::e2e {
namespace {

class WrongClock final : public client::Clock {
public:
    Instant now() override {
        const auto right = client::system_clock().now();
        return {static_cast<std::uint64_t>(
            static_cast<std::int64_t>(right.ms) + std::chrono::milliseconds{wrong_by}.count()
        )};
    }
    std::chrono::steady_clock::time_point steady() override {
        return client::system_clock().steady();
    }
    std::chrono::minutes wrong_by{0};
};

class ClientClockTest : public ClientConversationTest {
protected:
    void SetUp() override {
        ClientConversationTest::SetUp();
        if (HasFatalFailure()) return;
        make_team();
    }
    // Of the patient, after a new login with a clock that is wrong by so much.
    std::string clock_warning(std::chrono::minutes wrong_by) {
        clock_.wrong_by = wrong_by;
        people_.erase("patient");
        const client::Environment environment{
            .clock = clock_, .random = crypto::system_random(), .connector = line_
        };
        auto opened = Client::open(home("patient"), key(), environment);
        EXPECT_TRUE(opened) << opened.error().detail;
        people_["patient"] = std::move(opened).value();
        const auto status = at("patient").status();
        EXPECT_TRUE(status) << status.error().detail;
        const auto& warnings = status.value().warnings;
        const auto found = std::ranges::find_if(warnings, [](const std::string& text) {
            return text.find("clock") != std::string::npos;
        });
        return found == warnings.end() ? "" : *found;
    }

    WrongClock clock_;
};

TEST_F(ClientClockTest, OverFiveMinutesIsAWarningAndBlocksNothing) {
    EXPECT_EQ(clock_warning(std::chrono::minutes{0}), "");
    EXPECT_EQ(clock_warning(std::chrono::minutes{4}), "");
    EXPECT_NE(clock_warning(std::chrono::minutes{20}).find("20 minutes ahead"), std::string::npos);
    send("patient", "from the future");
    EXPECT_NE(clock_warning(std::chrono::minutes{-20}).find(" minutes behind"), std::string::npos);
    send("patient", "from the past");

    // The journal's order stands, whatever the authors' clocks said.
    EXPECT_EQ(texts("anna"), (std::vector<std::string>{"from the future", "from the past"}));
}

}  // namespace
}  // namespace wardline::e2e
