#include "tests/model/seeds.hpp"
#include "tests/model/sync_schedule.hpp"

#include <gtest/gtest.h>

namespace wardline::model {
namespace {

// On average each schedule brings so many messages through, and one client in so many dies.
constexpr std::size_t kStoodMin = 5;
constexpr std::size_t kSeedsACrash = 2;

TEST(ModelSync, BringsEachMessageOnceToEverybodyInOneOrder) {
    std::size_t stood = 0;
    std::size_t crashes = 0;
    std::size_t seeds = 0;

    for_each_seed([&](std::uint64_t seed) {
        SyncSchedule schedule{seed, SyncFault::none};
        const auto complaint = schedule.run();
        ASSERT_FALSE(complaint) << "seed " << seed << ": " << *complaint;
        stood += schedule.stood();
        crashes += schedule.crashes();
        ++seeds;
    });

    if (!many_seeds() || HasFailure()) return;
    EXPECT_GE(stood, seeds * kStoodMin);
    EXPECT_GE(crashes, seeds / kSeedsACrash);
}

// Control: a message that is acknowledged and not stored is missed.
TEST(ModelSync, FindAMessageThatIsLost) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= 40 && !found; ++seed) {
        found = SyncSchedule{seed, SyncFault::lost_acknowledged}.run().has_value();
    }

    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace wardline::model
