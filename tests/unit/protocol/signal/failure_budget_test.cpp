#include "protocol/signal/failure_budget.hpp"

#include <gtest/gtest.h>

namespace wardline::signal {
namespace {

constexpr Instant kStart{1'000'000'000};

DeviceId device(std::uint32_t number) {
    std::array<std::uint8_t, 16> raw{};
    for (std::size_t i = 0; i < 4; ++i) raw[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return DeviceId{raw};
}
Instant after(std::uint64_t ms) {
    return {kStart.ms + ms};
}

void exhaust(FailureBudget& budget, const DeviceId& peer, Instant now) {
    for (std::uint32_t i = 0; i < FailureBudget::kBurst; ++i) budget.spend(peer, now);
}

TEST(FailureBudget, AllowsABurst) {
    FailureBudget budget;
    for (std::uint32_t i = 0; i < FailureBudget::kBurst; ++i) {
        EXPECT_TRUE(budget.allows(device(1), kStart));
        budget.spend(device(1), kStart);
    }
    EXPECT_FALSE(budget.allows(device(1), kStart));
    EXPECT_TRUE(budget.allows(device(2), kStart));
}

TEST(FailureBudget, ForgivesOneFailureAMinute) {
    FailureBudget budget;
    exhaust(budget, device(1), kStart);

    EXPECT_FALSE(budget.allows(device(1), after(FailureBudget::kRefillMs - 1)));
    EXPECT_TRUE(budget.allows(device(1), after(FailureBudget::kRefillMs)));
    budget.spend(device(1), after(FailureBudget::kRefillMs));
    EXPECT_FALSE(budget.allows(device(1), after(2 * FailureBudget::kRefillMs - 1)));
    EXPECT_TRUE(budget.allows(device(1), after(2 * FailureBudget::kRefillMs)));
}

TEST(FailureBudget, AClockSetBackForgivesNothingAndStillRefills) {
    FailureBudget budget;
    exhaust(budget, device(1), kStart);
    const Instant back{kStart.ms - 500'000'000};

    EXPECT_FALSE(budget.allows(device(1), back));
    budget.spend(device(1), back);
    EXPECT_TRUE(budget.allows(device(1), Instant{back.ms + FailureBudget::kRefillMs}));
}

TEST(FailureBudget, DoesNotGrowWithoutBound) {
    FailureBudget budget;
    exhaust(budget, device(0), kStart);
    for (std::uint32_t i = 1; i <= FailureBudget::kPeersMax; ++i) budget.spend(device(i), kStart);

    EXPECT_LE(budget.peers(), FailureBudget::kPeersMax);
}

}  // namespace
}  // namespace wardline::signal
