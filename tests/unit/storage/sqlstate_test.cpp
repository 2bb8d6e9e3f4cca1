#include "storage/pg/sqlstate.hpp"

#include <gtest/gtest.h>

namespace wardline::storage::pg {
namespace {

TEST(SqlState, TellsWhatTheAskerCanDo) {
    EXPECT_EQ(code_of("53100"), Code::read_only);
    EXPECT_EQ(code_of("53200"), Code::unavailable);
    EXPECT_EQ(code_of("53300"), Code::unavailable);
    EXPECT_EQ(code_of("57P01"), Code::unavailable);
    EXPECT_EQ(code_of("57P03"), Code::unavailable);
    EXPECT_EQ(code_of("08006"), Code::unavailable);
    EXPECT_EQ(code_of("40001"), Code::unavailable);
    EXPECT_EQ(code_of("25006"), Code::unavailable);
    EXPECT_EQ(code_of("58030"), Code::unavailable);
    EXPECT_EQ(code_of("23505"), Code::conflict);
    EXPECT_EQ(code_of(""), Code::unavailable);
}

TEST(SqlState, EverythingElseIsOurFault) {
    EXPECT_EQ(code_of("42P01"), Code::internal);
    EXPECT_EQ(code_of("22003"), Code::internal);
    EXPECT_EQ(code_of("23514"), Code::internal);
    EXPECT_EQ(code_of("42501"), Code::internal);
    EXPECT_EQ(code_of("XX000"), Code::internal);
}

}  // namespace
}  // namespace wardline::storage::pg
