#include "tests/storage_support/journal_fixture.hpp"

namespace wardline::testing {
namespace {

constexpr const char* kForbidden = "42501";  // insufficient_privilege

// A journal with one message, and what roles may do to it.
class RolesTest : public JournalTest {
protected:
    RolesTest() { static_cast<void>(node_.append(a_message("text", 1)).value()); }
    std::string as(const std::string& role, const std::string& statement) {
        return sqlstate(
            options_.main, "set search_path = wardline; set role " + role + "; " + statement
        );
    }
};

TEST_F(RolesTest, TheServerCannotChangeOrDeleteWhatIsWritten) {
    for (const std::string table :
         {"entries",
          "entry_details",
          "statements",
          "message_ids",
          "payloads",
          "tiles",
          "epoch_boxes",
          "admit_boxes"}) {
        EXPECT_EQ(as("wardline_server", "update " + table + " set clinic = 2"), kForbidden)
            << table;
        EXPECT_EQ(as("wardline_server", "delete from " + table), kForbidden) << table;
        EXPECT_EQ(as("wardline_server", "truncate " + table), kForbidden) << table;
    }
}

TEST_F(RolesTest, TheServerCannotAlterTheSchema) {
    EXPECT_EQ(as("wardline_server", "create table mine (x int)"), kForbidden);
    EXPECT_EQ(as("wardline_server", "drop table entries"), kForbidden);
    EXPECT_EQ(as("wardline_server", "alter table entries add column x int"), kForbidden);
}

TEST_F(RolesTest, RetentionDeletesContentAndDetailsAndNothingElse) {
    EXPECT_EQ(as("wardline_retention", "delete from payloads"), "00000");
    EXPECT_EQ(as("wardline_retention", "delete from entry_details"), "00000");
    EXPECT_EQ(as("wardline_retention", "delete from units"), "00000");
    EXPECT_EQ(as("wardline_retention", "delete from entries"), kForbidden);
    EXPECT_EQ(as("wardline_retention", "update entries set time = 0"), kForbidden);
    EXPECT_EQ(as("wardline_retention", "delete from statements"), kForbidden);
    EXPECT_EQ(as("wardline_retention", "insert into entries values (1, 9, 9, 1, '')"), kForbidden);
}

TEST_F(RolesTest, AUnitOnlyMovesForward) {
    EXPECT_EQ(as("wardline_server", "update units set state = 1"), "00000");
    EXPECT_EQ(as("wardline_server", "update units set state = 0"), "P0001");
    EXPECT_EQ(as("wardline_retention", "update units set state = 1"), "P0001");
    EXPECT_EQ(as("wardline_retention", "update units set state = 2"), "00000");
}

TEST_F(RolesTest, TheTreeStaysProvableWithoutDetails) {
    const auto before = node_.run(node_.reader.inclusion({1, 2}, 2)).value();

    ASSERT_EQ(as("wardline_retention", "delete from entry_details"), "00000");

    EXPECT_EQ(node_.run(node_.reader.inclusion({1, 2}, 2)).value(), before);
    const auto entry = node_.run(node_.reader.entries({2})).value().at(0);
    EXPECT_TRUE(entry.details.empty());
}

}  // namespace
}  // namespace wardline::testing
