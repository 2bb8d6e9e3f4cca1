#include "retention/decide.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::retention {
namespace {

using trust::MessageClass;

Policy a_policy(std::uint32_t days) {
    std::map<MessageClass, std::uint32_t> keep;
    for (const auto message_class : trust::kAllClasses) keep[message_class] = days;
    return Policy::from(keep).value();
}

TEST(Policy, NamesEveryClass) {
    auto keep = std::map<MessageClass, std::uint32_t>{{MessageClass::clinical, 30}};

    EXPECT_EQ(Policy::from(keep).error().code, Code::bad_statement);
}

TEST(Policy, KeepsOneDayToAHundredYears) {
    std::map<MessageClass, std::uint32_t> keep;
    for (const auto message_class : trust::kAllClasses) keep[message_class] = 30;
    for (const auto& [days, good] :
         std::map<std::uint32_t, bool>{{0, false}, {1, true}, {36'500, true}, {36'501, false}}) {
        keep[MessageClass::photo] = days;
        EXPECT_EQ(Policy::from(keep).has_value(), good) << days;
    }
}

TEST(Calendar, MidnightBelongsToTheDayThatItBegins) {
    EXPECT_EQ(day_of(Instant{0}), 0U);
    EXPECT_EQ(day_of(Instant{kDayMs - 1}), 0U);
    EXPECT_EQ(day_of(Instant{kDayMs}), 1U);
    EXPECT_EQ(start_of(1), Instant{kDayMs});
}

TEST(Calendar, WritesDaysAsPeopleReadThem) {
    EXPECT_EQ(to_text(0), "1970-01-01");
    EXPECT_EQ(to_text(day_of(Instant{951'782'400'000})), "2000-02-29");
    EXPECT_EQ(to_text(20'454), "2026-01-01");
}

TEST(Decide, AUnitIsDueWhenItsLastPossibleMessageHasBeenKept) {
    const auto policy = a_policy(30);
    const UnitFacts unit{MessageClass::clinical, 100};

    EXPECT_EQ(due(policy, unit), start_of(131));
    EXPECT_EQ(decide(policy, unit, Instant{start_of(131).ms - 1}), Verdict::keep);
    EXPECT_EQ(decide(policy, unit, start_of(131)), Verdict::expire);
}

TEST(Decide, EachClassHasItsOwnPeriod) {
    std::map<MessageClass, std::uint32_t> keep;
    for (const auto message_class : trust::kAllClasses) keep[message_class] = 30;
    keep[MessageClass::marketing] = 1;
    const auto policy = Policy::from(keep).value();

    EXPECT_EQ(due(policy, {MessageClass::marketing, 100}), start_of(102));
    EXPECT_EQ(due(policy, {MessageClass::photo, 100}), start_of(131));
}

TEST(Decide, AMessageIsKeptUntilItsUnitEnds) {
    const auto policy = a_policy(30);
    const Instant first{start_of(100).ms};
    const Instant last{start_of(101).ms - 1};

    EXPECT_EQ(kept_until(policy, MessageClass::admin, first), start_of(131));
    EXPECT_EQ(kept_until(policy, MessageClass::admin, last), start_of(131));
    EXPECT_EQ(kept_until(policy, MessageClass::admin, start_of(101)), start_of(132));
}

TEST(DueDays, SayNothingOfClassesThatCannotBeDueYet) {
    EXPECT_TRUE(due_days(a_policy(30), start_of(30)).empty());
    const auto days = due_days(a_policy(30), start_of(31));
    ASSERT_EQ(days.size(), trust::kAllClasses.size());
    EXPECT_EQ(days.front().last_day, 0U);
}

RC_GTEST_PROP(
    Decide, NeverExpiresBeforeTheFullNumberOfDays, (std::uint32_t sent, std::uint16_t extra)
) {
    const auto days = 1 + extra % kKeepDaysMax;
    const Instant received{std::uint64_t{sent} * 1'000};

    const auto until = kept_until(a_policy(days), MessageClass::clinical, received);

    RC_ASSERT(until.ms - received.ms >= days * kDayMs);
    RC_ASSERT(until.ms - received.ms <= (days + 1) * kDayMs);
}

RC_GTEST_PROP(DueDays, AgreeWithTheDecisionForEveryDay, (std::uint16_t days, std::uint16_t at)) {
    const auto policy = a_policy(1 + days % 400U);
    const Instant now{at * kDayMs / 7};
    const auto rules = due_days(policy, now);
    for (Day day = 0; day < 30; ++day) {
        const UnitFacts unit{MessageClass::clinical, day};
        const bool listed = std::ranges::any_of(rules, [&](const DueDays& rule) {
            return rule.message_class == unit.message_class && day <= rule.last_day;
        });
        RC_ASSERT(listed == (decide(policy, unit, now) == Verdict::expire));
    }
}

}  // namespace
}  // namespace wardline::retention
