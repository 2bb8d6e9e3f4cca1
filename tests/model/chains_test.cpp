#include "tests/model/chain_schedule.hpp"
#include "tests/model/seeds.hpp"

#include <gtest/gtest.h>

namespace wardline::model {
namespace {

// Over all seeds each kind of statement is taken and refused at least so often, or the schedules
// say nothing about it.
constexpr unsigned kVerdictsMin = 20;

TEST(ModelChains, JudgeAsTheModelDoes) {
    std::map<std::string, Verdicts> verdicts;

    for_each_seed([&](std::uint64_t seed) {
        ChainSchedule schedule{seed, ChainFault::none};
        const auto complaint = schedule.run();
        ASSERT_FALSE(complaint) << "seed " << seed << ": " << *complaint;
        for (const auto& [type, count] : schedule.verdicts()) {
            verdicts[type].accepted += count.accepted;
            verdicts[type].refused += count.refused;
        }
    });

    if (!many_seeds() || HasFailure()) return;
    EXPECT_EQ(verdicts.size(), std::variant_size_v<trust::StatementData>);
    for (const auto& [type, count] : verdicts) {
        if (type != "genesis") EXPECT_GE(count.accepted, kVerdictsMin) << type;
        EXPECT_GE(count.refused, kVerdictsMin) << type;
    }
}

// Controls: what is wrong is found.
bool finds(ChainFault fault) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        if (ChainSchedule{seed, fault}.run()) return true;
    }
    return false;
}

TEST(ModelChains, FindARevocationThatOneSideForgets) {
    EXPECT_TRUE(finds(ChainFault::forgotten_revocation));
}

TEST(ModelChains, FindASignatureThatOneSideDoesNotCheck) {
    EXPECT_TRUE(finds(ChainFault::unchecked_signature));
}

}  // namespace
}  // namespace wardline::model
