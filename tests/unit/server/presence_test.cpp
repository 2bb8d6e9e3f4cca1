#include "server/presence.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::server {
namespace {

constexpr std::uint64_t kDay = 24ULL * 60 * 60 * 1000;
constexpr Instant kNoon{1'700'000'000'000};

DeviceId device(std::uint8_t number) {
    return DeviceId{{number}};
}

TEST(Presence, OnDutyAreThoseSeenWithinADay) {
    Presence presence;
    presence.seen(device(1), kNoon);
    presence.seen(device(2), Instant{kNoon.ms + 1});

    const auto at_the_edge =
        presence.on_duty({device(1), device(2), device(3)}, Instant{kNoon.ms + kDay});

    EXPECT_EQ(at_the_edge.devices, std::vector{device(2)});
    EXPECT_EQ(at_the_edge.until, Instant{kNoon.ms + 1 + kDay});
    const auto before = presence.on_duty({device(1), device(2)}, Instant{kNoon.ms + kDay - 1});
    EXPECT_EQ(before.devices.size(), 2U);
}

TEST(Presence, OfManyTheThirtyTwoSeenLast) {
    Presence presence;
    std::vector<DeviceId> all;
    for (std::uint8_t i = 1; i <= 40; ++i) {
        all.push_back(device(i));
        presence.seen(device(i), Instant{kNoon.ms + i});
    }

    const auto on_duty = presence.on_duty(all, Instant{kNoon.ms + 100});

    ASSERT_EQ(on_duty.devices.size(), 32U);
    EXPECT_EQ(on_duty.devices.front(), device(9));
    EXPECT_TRUE(std::ranges::is_sorted(on_duty.devices));
}

TEST(Presence, OnlyMovesForward) {
    Presence presence;
    presence.seen(device(1), kNoon);
    const auto version = presence.version();

    presence.seen(device(1), Instant{kNoon.ms - 1});

    EXPECT_EQ(presence.last_seen(device(1)), kNoon);
    EXPECT_EQ(presence.version(), version);
}

}  // namespace
}  // namespace wardline::server
