#include "storage/pg/query.hpp"
#include "storage/queries.hpp"
#include "storage/session_settings.hpp"
#include "tests/storage_support/journal_fixture.hpp"

#include <libpq-fe.h>

#include <memory>

namespace wardline::testing {
namespace {

// A journal long in use, and no statistics: nothing has ever been analysed.
constexpr const char* kFill = R"sql(
    set search_path = wardline;
    insert into entries select 1, s, s, 2, decode(repeat('00', 32), 'hex')
        from generate_series(2, 300000) s;
    insert into entry_details select 1, s, decode(repeat('00', 16), 'hex'), '\xa0',
        decode(md5((s % 500)::text), 'hex'), 1 from generate_series(2, 300000) s;
    insert into message_ids select 1, decode(md5((s % 700)::text), 'hex'), decode(md5(s::text), 'hex'),
        s, s, decode(repeat('00', 32), 'hex') from generate_series(2, 300000) s;
    insert into counters select 1, decode(md5(s::text), 'hex'), decode(md5((s % 500)::text), 'hex'), 0, 1
        from generate_series(1, 50000) s;
    insert into units select 1, s, decode(md5((s % 500)::text), 'hex'), s % 5, s, s, s % 2
        from generate_series(100000, 150000) s;
    insert into payloads select 1, s, s + 100000, 2, '\x00' from generate_series(2, 300000) s;
    insert into cursors select 1, decode(md5((s % 500)::text), 'hex'), decode(md5(s::text), 'hex'), 1, 1
        from generate_series(1, 50000) s;
    insert into devices select 1, decode(md5(s::text), 'hex'), 1, 1 from generate_series(1, 50000) s;
    insert into statements select 1, s, 'patient/' || s, 0, decode(md5(s::text) || md5(s::text), 'hex'),
        '\x00' from generate_series(2, 50000) s;
)sql";

using Conn = std::unique_ptr<PGconn, decltype(&PQfinish)>;

Conn connect(const std::string& conninfo) {
    const auto target =
        conninfo + " options='" + storage::kSessionSettings + " -c role=wardline_server'";
    return Conn{PQconnectdb(target.c_str()), &PQfinish};
}

std::string ask(PGconn* conn, const std::string& text) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{
        PQexec(conn, text.c_str()), &PQclear
    };
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return PQerrorMessage(conn);
    std::string out;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        out += std::string{PQgetvalue(result.get(), row, 0)} + "\n";
    }
    return out;
}

std::size_t parameters_of(const std::string& text) {
    std::size_t most = 0;
    for (auto at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
        most = std::max(most, static_cast<std::size_t>(std::atoi(text.c_str() + at + 1)));
    }
    return most;
}

bool can_be_explained(const std::string& text) {
    const auto begin = text.find_first_not_of(" \n");
    const auto word = text.substr(begin, 6);
    return word == "select" || word == "insert" || word == "update" || word == "delete";
}

std::string plan_of(PGconn* conn, const storage::pg::Query& query) {
    std::string nulls;
    for (std::size_t i = 0; i < parameters_of(query.sql); ++i) nulls += i == 0 ? "(null" : ", null";
    if (!nulls.empty()) nulls += ")";
    const std::string name{query.name};
    const auto problem = ask(conn, "prepare " + name + " as " + query.sql);
    if (!problem.empty()) return problem;
    return ask(conn, "explain (costs off) execute " + name + nulls);
}

// Every table access of the plan must be by an index whose condition names more than the clinic,
// which is the same for every row.
std::string trouble_in(const std::string& plan) {
    std::string out;
    for (std::size_t at = 0; at < plan.size();) {
        const auto end = plan.find('\n', at);
        const auto line = plan.substr(at, end - at);
        const auto next = plan.substr(end + 1, plan.find('\n', end + 1) - end - 1);
        at = end + 1;
        // What a look-up asks for is found by the index, not among what the index finds.
        if (line.find("Filter: ") != std::string::npos &&
            line.find("asked.") != std::string::npos) {
            out += line + "\n";
        }
        const bool narrow = line.find(" on heads") != std::string::npos ||
                            line.find(" on clinics") != std::string::npos;
        if (narrow) continue;
        if (line.find("Seq Scan on ") != std::string::npos) out += line + "\n";
        if (line.find("Index") != std::string::npos &&
            line.find("Scan using") != std::string::npos) {
            const auto condition = next.find("Index Cond: (");
            const bool selective =
                condition != std::string::npos && next.find(" AND ") != std::string::npos;
            if (!selective) out += line + " /" + next + "\n";
        }
    }
    return out;
}

class PlansTest : public JournalTest {
protected:
    std::string troubles(PGconn* conn) {
        std::string out;
        auto queries = storage::journal_look_up_queries();
        for (const auto& part :
             {storage::journal_rows_queries(),
              storage::journal_reader_queries(),
              storage::tree_queries(),
              storage::counter_queries(),
              storage::cursor_queries(),
              storage::prekey_queries(),
              storage::audit_queries()}) {
            queries.insert(queries.end(), part.begin(), part.end());
        }
        for (const auto& query : queries) {
            if (!can_be_explained(query.sql)) continue;
            const auto plan = plan_of(conn, query);
            const auto trouble = trouble_in(plan);
            if (!trouble.empty() || plan.find("ERROR") != std::string::npos) {
                out += std::string{query.name} + ":\n" + (trouble.empty() ? plan : trouble);
            }
        }
        return out;
    }
};

// The worst case: planned when everything was empty, and never again.
TEST_F(PlansTest, UseIndexesOnAnEmptyJournal) {
    const auto conn = connect(options_.main);

    EXPECT_EQ(troubles(conn.get()), "");
}

TEST_F(PlansTest, UseIndexesOverABacklogThatNobodyAnalysed) {
    sql(options_.main, kFill);
    const auto conn = connect(options_.main);

    EXPECT_EQ(troubles(conn.get()), "");
}

}  // namespace
}  // namespace wardline::testing
