#include "server/receipt_book.hpp"

#include <gtest/gtest.h>

namespace wardline::server {
namespace {

const DeviceId kDevice{{1}};
const ThreadId kThread{{2}};

TEST(ReceiptBook, CoalescesWhatIsPushed) {
    ReceiptBook book;
    EXPECT_TRUE(book.note(kDevice, kThread, 5, 0));
    EXPECT_TRUE(book.note(kDevice, kThread, 7, 6));

    const auto changes = book.take_changes();

    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].delivered, 7U);
    EXPECT_EQ(changes[0].read, 6U);
    EXPECT_TRUE(book.take_changes().empty());
}

TEST(ReceiptBook, CursorsOnlyMoveForward) {
    ReceiptBook book;
    book.note(kDevice, kThread, 7, 6);

    EXPECT_FALSE(book.note(kDevice, kThread, 3, 2));
    EXPECT_FALSE(book.note(kDevice, kThread, 7, 6));
    EXPECT_TRUE(book.note(kDevice, kThread, 0, 7));
}

TEST(ReceiptBook, WhatIsReadIsDelivered) {
    ReceiptBook book;
    book.note(kDevice, kThread, 0, 9);

    EXPECT_EQ(book.take_changes().at(0).delivered, 9U);
}

TEST(ReceiptBook, MakesOneRangeAMinute) {
    ReceiptBook book;
    book.note(kDevice, kThread, 10, 0);
    const auto first = book.take_ranges();
    book.note(kDevice, kThread, 12, 11);
    book.note(kDevice, kThread, 14, 13);
    const auto second = book.take_ranges();

    ASSERT_EQ(first.size(), 1U);
    EXPECT_FALSE(first[0].read);
    EXPECT_EQ(first[0].from, 10U);
    EXPECT_EQ(first[0].to, 10U);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_TRUE(second[0].read);
    EXPECT_EQ(second[0].from, 1U);
    EXPECT_EQ(second[0].to, 13U);
    EXPECT_TRUE(book.take_ranges().empty());
}

TEST(ReceiptBook, WhatAnotherNodeWroteIsPushedAndNotWrittenAgain) {
    ReceiptBook book;

    book.heard(kDevice, kThread, 8, 8);

    EXPECT_EQ(book.take_changes().at(0).read, 8U);
    EXPECT_TRUE(book.take_ranges().empty());
}

}  // namespace
}  // namespace wardline::server
