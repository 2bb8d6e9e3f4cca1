#include "tests/model/router_schedule.hpp"
#include "tests/model/seeds.hpp"

#include <gtest/gtest.h>

namespace wardline::model {
namespace {

// On average each schedule hands out at least so many entries, or it says nothing.
constexpr std::size_t kDeliveredMin = 50;

TEST(ModelRouter, HandsEachDeviceWhatItMaySeeInOrderAndOnce) {
    std::size_t delivered = 0;
    std::size_t seeds = 0;

    for_each_seed([&](std::uint64_t seed) {
        RouterSchedule schedule{seed, RouterFault::none};
        const auto complaint = schedule.run();
        ASSERT_FALSE(complaint) << "seed " << seed << ": " << *complaint;
        delivered += schedule.delivered();
        ++seeds;
    });

    if (many_seeds() && !HasFailure()) EXPECT_GE(delivered / seeds, kDeliveredMin);
}

// Controls: what is wrong is found.
bool finds(RouterFault fault) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        if (RouterSchedule{seed, fault}.run()) return true;
    }
    return false;
}

TEST(ModelRouter, FindAnEntryThatIsLost) {
    EXPECT_TRUE(finds(RouterFault::lost_entry));
}

TEST(ModelRouter, FindAnEntryThatComesTwice) {
    EXPECT_TRUE(finds(RouterFault::repeated_entry));
}

}  // namespace
}  // namespace wardline::model
