#include "storage/queries.hpp"

#include "storage/session_settings.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>

namespace wardline::testing {
namespace {

// What the server says to each query, prepared by a role; empty where it is content.
std::string complaints(
    const std::string& conninfo, const char* role, const std::vector<storage::pg::Query>& queries
) {
    const auto target =
        conninfo + " options='" + storage::kSessionSettings + " -c role=" + role + "'";
    const std::unique_ptr<PGconn, decltype(&PQfinish)> conn{PQconnectdb(target.c_str()), &PQfinish};
    std::string out = PQerrorMessage(conn.get());
    for (const auto& query : queries) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> result{
            PQprepare(conn.get(), query.name, query.sql, 0, nullptr), &PQclear
        };
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
            out += std::string{query.name} + ": " + PQresultErrorMessage(result.get());
        }
    }
    return out;
}

std::vector<storage::pg::Query> all_of_the_server() {
    std::vector<storage::pg::Query> out;
    for (const auto& part :
         {storage::journal_look_up_queries(),
          storage::journal_rows_queries(),
          storage::journal_reader_queries(),
          storage::tree_queries(),
          storage::device_queries(),
          storage::cursor_queries(),
          storage::prekey_queries(),
          storage::unit_queries(),
          storage::counter_queries(),
          storage::audit_queries(),
          storage::key_ring_main_queries()}) {
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

TEST(Queries, OfTheServerFitTheMigratedSchema) {
    const auto options = TestDatabases::shared().fresh();

    EXPECT_EQ(complaints(options.main, "wardline_server", all_of_the_server()), "");
}

TEST(Queries, OfRetentionFitTheMigratedSchema) {
    const auto options = TestDatabases::shared().fresh();

    EXPECT_EQ(complaints(options.main, "wardline_retention", storage::retention_queries()), "");
    EXPECT_EQ(complaints(options.main, "wardline_retention", storage::audit_eraser_queries()), "");
}

TEST(Queries, OfTheKeyRingFitItsSchema) {
    const auto options = TestDatabases::shared().fresh();

    EXPECT_EQ(complaints(options.keys, "wardline_keys", storage::key_ring_queries()), "");
}

}  // namespace
}  // namespace wardline::testing
