#include "clients/core/thread_order.hpp"

#include "protocol/crypto/crypto.hpp"

#include <gtest/gtest.h>

namespace wardline::client {
namespace {

using trust::Audience;

DeviceId device(std::uint8_t number) {
    std::array<std::uint8_t, DeviceId::kSize> raw{};
    raw.fill(number);
    return DeviceId{raw};
}
Hash hash_of(Seq seq) {
    return crypto::sha256(as_bytes(std::to_string(seq)));
}
Place place(Seq seq, std::uint8_t by, std::optional<std::uint64_t> counter, Seq prev = 0) {
    return {
        .seq = seq,
        .device = device(by),
        .audience = Audience::all,
        .hash = hash_of(seq),
        .counter = counter,
        .prev = prev == 0 ? Hash{} : hash_of(prev)
    };
}
Place erased(Seq seq) {
    return {.seq = seq, .erased = true, .device = {}, .hash = {}};
}
bool alarms(ThreadOrder& order, const Place& next) {
    const auto taken = order.take(next);
    return !taken && taken.error().code == Code::trust_alarm;
}

TEST(ThreadOrder, TakesWhatIsNumberedWithoutGaps) {
    ThreadOrder order{true};
    EXPECT_TRUE(order.take(place(3, 1, 1)).value().prev);
    EXPECT_TRUE(order.take(place(5, 2, 1, 3)).value().prev);
    EXPECT_TRUE(order.take(place(9, 1, 2, 5)).value().prev);
}

TEST(ThreadOrder, AudiencesAreNumberedApart) {
    ThreadOrder order{true};
    auto note = place(4, 1, 1);
    note.audience = Audience::internal;
    EXPECT_TRUE(order.take(place(3, 1, 1)));
    EXPECT_TRUE(order.take(note));
    EXPECT_TRUE(order.take(place(5, 1, 2)));
}

TEST(ThreadOrder, AGapIsAnAlarm) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(place(3, 1, 1)));
    EXPECT_TRUE(alarms(order, place(4, 1, 3)));
}

TEST(ThreadOrder, TheFirstOfAWholeThreadIsNumberOne) {
    ThreadOrder whole{true};
    EXPECT_TRUE(alarms(whole, place(3, 1, 2)));
    ThreadOrder part{false};
    EXPECT_TRUE(part.take(place(3, 1, 2)));
    EXPECT_TRUE(alarms(part, place(4, 1, 4)));
}

TEST(ThreadOrder, ARepetitionIsAnAlarm) {
    ThreadOrder order{false};
    ASSERT_TRUE(order.take(place(3, 1, 7)));
    EXPECT_TRUE(alarms(order, place(4, 1, 7)));
}

TEST(ThreadOrder, EntriesRise) {
    ThreadOrder order{false};
    ASSERT_TRUE(order.take(place(3, 1, 7)));
    EXPECT_TRUE(alarms(order, place(3, 1, 8)));
    ThreadOrder other{false};
    ASSERT_TRUE(other.take(place(3, 1, 7)));
    EXPECT_TRUE(alarms(other, place(2, 1, 8)));
}

TEST(ThreadOrder, WhatHasExpiredCountsAsOne) {
    ThreadOrder whole{true};
    ASSERT_TRUE(whole.take(place(3, 1, std::nullopt)));
    ASSERT_TRUE(whole.take(place(4, 1, std::nullopt)));
    EXPECT_TRUE(whole.take(place(5, 1, 3)));
    ASSERT_TRUE(whole.take(place(6, 1, std::nullopt)));
    EXPECT_TRUE(alarms(whole, place(7, 1, 4)));
}

TEST(ThreadOrder, APredecessorIsOneOfThoseBefore) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(place(3, 1, std::nullopt)));
    EXPECT_TRUE(order.take(place(4, 1, 2, 3)).value().prev);
    EXPECT_FALSE(order.take(place(5, 1, 3, 99)).value().prev);
    EXPECT_FALSE(order.take(place(6, 1, 4, 6)).value().prev);
}

TEST(ThreadOrder, GoesOnFromWhatIsRemembered) {
    ThreadOrder order{true};
    order.remember(device(1), Audience::all, {41, 299});
    ASSERT_TRUE(order.take(place(300, 1, 42)));
    EXPECT_EQ(order.counter(device(1), Audience::all)->counter, 42U);
    EXPECT_EQ(order.counter(device(1), Audience::all)->seq, 300U);
    EXPECT_FALSE(order.counter(device(2), Audience::all));
}

TEST(ThreadOrder, AnErasedMessageStandsForOneNumberThatIsLeftOut) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(erased(3)));
    ASSERT_TRUE(order.take(erased(4)));
    EXPECT_EQ(order.take(place(5, 1, 2)).value().accounted, std::vector<Seq>{3});
    EXPECT_EQ(order.take(place(6, 2, 2)).value().accounted, std::vector<Seq>{4});
    EXPECT_TRUE(order.take(place(7, 3, 1)).value().accounted.empty());
    EXPECT_TRUE(alarms(order, place(8, 1, 4)));
}

TEST(ThreadOrder, NoNumberIsLeftOutForOneThatStoodElsewhere) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(erased(3)));
    ASSERT_TRUE(order.take(place(5, 1, 2)));
    ASSERT_TRUE(order.take(erased(6)));
    ASSERT_TRUE(order.take(place(7, 1, 3)));
    EXPECT_TRUE(alarms(order, place(8, 1, 5))) << "6 stood before number 3";
    ThreadOrder other{true};
    EXPECT_TRUE(alarms(other, place(5, 1, 2)));
}

// The gap is before the expired one, whose own number nobody knows any more.
TEST(ThreadOrder, ErasedAndExpiredMessagesAddUp) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(place(2, 1, 1)));
    ASSERT_TRUE(order.take(erased(3)));
    ASSERT_TRUE(order.take(place(4, 1, std::nullopt)));
    EXPECT_EQ(order.take(place(5, 1, 4)).value().accounted, std::vector<Seq>{3});
}

TEST(ThreadOrder, WhereOneIsErasedNobodyKnowsWhatAnAuthorHadSeen) {
    ThreadOrder order{true};
    ASSERT_TRUE(order.take(erased(3)));
    EXPECT_TRUE(order.take(place(5, 1, 1, 99)).value().prev);
}

TEST(ThreadOrder, RemembersErasedMessagesAndWhatTheyStandFor) {
    ThreadOrder order{true};
    order.remember_erased(10, false);
    order.remember_erased(11, true);
    ASSERT_TRUE(order.take(place(20, 1, 2)));
    EXPECT_TRUE(alarms(order, place(21, 2, 2)));
}

}  // namespace
}  // namespace wardline::client
