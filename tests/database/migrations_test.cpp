#include "storage/migrations.hpp"

#include "storage/database.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

namespace wardline::testing {
namespace {

using storage::Migration;

constexpr std::array<Migration, 2> kTwo{{
    {1, "0001_one", "create table wardline.one (x int);", "aaaa"},
    {2, "0002_two", "create table wardline.two (x int);", "bbbb"},
}};

// Everything that makes a schema: columns, defaults, constraints, indexes, rights.
std::string shape_of(const std::string& conninfo) {
    return sql(conninfo, R"sql(
        select string_agg(line, E'\n' order by line) from (
            select 'column ' || table_name || ' ' || column_name || ' ' || data_type || ' ' ||
                is_nullable || ' ' || coalesce(column_default, '')
            from information_schema.columns where table_schema = 'wardline'
            union all
            select 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where connamespace = 'wardline'::regnamespace
            union all
            select 'index ' || indexdef from pg_indexes where schemaname = 'wardline'
            union all
            select 'right ' || table_name || ' ' || grantee || ' ' || privilege_type
            from information_schema.table_privileges where table_schema = 'wardline'
            union all
            select 'right ' || table_name || ' ' || column_name || ' ' || grantee || ' ' || privilege_type
            from information_schema.column_privileges where table_schema = 'wardline'
        ) as shape (line)
    )sql");
}

std::string file(const std::string& name) {
    std::ifstream in{std::string{WARDLINE_SOURCE_DIR} + "/tests/database/fixtures/" + name};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(Migrations, AreAppliedOnce) {
    const auto database = TestDatabases::shared().empty_main();

    ASSERT_TRUE(storage::migrate(database, kTwo, "it"));
    ASSERT_TRUE(storage::migrate(database, kTwo, "it"));

    EXPECT_EQ(storage::inspect_schema(database, kTwo, "it").value().version, 2);
    EXPECT_EQ(sql(database, "select count(*) from wardline.schema_versions"), "2");
}

TEST(Migrations, GoOnFromAnOlderSchema) {
    const auto database = TestDatabases::shared().empty_main();
    ASSERT_TRUE(storage::migrate(database, std::span{kTwo}.first(1), "it"));

    ASSERT_TRUE(storage::migrate(database, kTwo, "it"));

    EXPECT_EQ(sql(database, "select count(*) from wardline.two"), "0");
}

TEST(Migrations, LeaveANewerSchemaAlone) {
    const auto database = TestDatabases::shared().empty_main();
    ASSERT_TRUE(storage::migrate(database, kTwo, "it"));
    const auto before = shape_of(database);

    const auto older = storage::migrate(database, std::span{kTwo}.first(1), "the database");

    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, Code::usage);
    EXPECT_EQ(
        older.error().detail,
        "the database has schema version 2, written by a newer Wardline than this one, which knows "
        "version 1; nothing was changed"
    );
    EXPECT_EQ(shape_of(database), before);
}

TEST(Migrations, RefuseAnotherEditionOfWhatWasApplied) {
    const auto database = TestDatabases::shared().empty_main();
    ASSERT_TRUE(storage::migrate(database, kTwo, "it"));
    auto edited = kTwo;
    edited[0].sha256_hex = "cccc";

    EXPECT_EQ(storage::migrate(database, edited, "it").error().code, Code::usage);
}

TEST(Migrations, LeaveNothingOfOneThatFails) {
    const auto database = TestDatabases::shared().empty_main();
    auto broken = kTwo;
    broken[1].sql = "create table wardline.half (x int); select 1 / 0;";

    EXPECT_FALSE(storage::migrate(database, broken, "it"));

    EXPECT_EQ(storage::inspect_schema(database, kTwo, "it").value().version, 1);
    EXPECT_EQ(sql(database, "select to_regclass('wardline.half') is null"), "t");
}

TEST(Migrations, NodesMayStartTogether) {
    const auto database = TestDatabases::shared().empty_main();
    std::array<bool, 4> good{};
    {
        std::vector<std::jthread> nodes;
        for (auto& one : good) {
            nodes.emplace_back([&one, &database] {
                one = storage::migrate(database, storage::main_migrations(), "it").has_value();
            });
        }
    }

    for (const bool one : good) EXPECT_TRUE(one);
}

TEST(Migrations, RefuseOneClusterForBoth) {
    storage::DatabaseOptions options;
    options.main = TestDatabases::shared().empty_main();
    options.keys = TestDatabases::shared().empty_main();

    const auto prepared = storage::prepare_databases(options);

    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, Code::usage);
    EXPECT_EQ(sql(options.main, "select to_regnamespace('wardline') is null"), "t");
}

TEST(Migrations, SayWhenTheServerIsAway) {
    const auto away = storage::inspect_schema(
        "host=/nonexistent dbname=wardline", storage::main_migrations(), "the database"
    );

    EXPECT_EQ(away.error().code, Code::unavailable);
}

// Each release leaves its schema here, and every later program can start from it.
TEST(Migrations, StartFromTheSchemaOfTheFirstRelease) {
    const auto old_main = TestDatabases::shared().empty_main();
    const auto old_keys = TestDatabases::shared().empty_keys();
    sql(old_main, file("release_0.1_main.sql"));
    sql(old_keys, file("release_0.1_keys.sql"));

    ASSERT_TRUE(storage::prepare_databases({.main = old_main, .keys = old_keys}));

    const auto fresh = TestDatabases::shared().fresh();
    EXPECT_EQ(shape_of(old_main), shape_of(fresh.main));
    EXPECT_EQ(shape_of(old_keys), shape_of(fresh.keys));
}

}  // namespace
}  // namespace wardline::testing
