#include "storage/durability.hpp"

#include "storage/embedded_postgres.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <gmock/gmock.h>

namespace wardline::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// The clusters of the tests do not sync, which is why they are fast.
TEST(Durability, NamesADatabaseThatDoesNotSync) {
    const auto found = storage::unsafe_settings(TestDatabases::shared().fresh().main);

    ASSERT_TRUE(found);
    EXPECT_THAT(found.value(), ElementsAre("fsync=off"));
}

TEST(Durability, NamesCommitsThatWaitForNobody) {
    const auto conninfo =
        TestDatabases::shared().fresh().main + " options='-c synchronous_commit=off'";

    const auto found = storage::unsafe_settings(conninfo);

    ASSERT_TRUE(found);
    EXPECT_THAT(found.value(), Contains("synchronous_commit=off"));
}

TEST(Durability, SaysWhenTheDatabaseCannotBeAsked) {
    const auto found = storage::unsafe_settings("host=/nowhere dbname=none");

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::unavailable);
}

}  // namespace
}  // namespace wardline::testing
