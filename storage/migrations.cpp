#include "storage/migrations.hpp"

#include "storage/pg/sqlstate.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <vector>

namespace wardline::storage {
namespace {

// "wardline" as a number: nobody else's lock.
constexpr const char* kLock = "select pg_advisory_lock(8602552462178872933)";

constexpr const char* kPrepare = R"sql(
    create schema if not exists wardline;
    create table if not exists wardline.schema_versions (
        number int primary key,
        name text not null,
        sha256 text not null,
        applied_at timestamptz not null default now()
    );
    comment on table wardline.schema_versions is 'The migrations that were applied, and what they read like.';
)sql";

struct Finish {
    void operator()(PGconn* conn) const { PQfinish(conn); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Conn = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Clear>;

Result<Answer> ask(PGconn* conn, const char* sql, const std::vector<std::string>& texts = {}) {
    std::vector<const char*> values;
    for (const auto& text : texts) values.push_back(text.c_str());
    // Several statements in one are allowed only without parameters.
    Answer answer{
        texts.empty() ? PQexec(conn, sql)
                      : PQexecParams(
                            conn,
                            sql,
                            static_cast<int>(values.size()),
                            nullptr,
                            values.data(),
                            nullptr,
                            nullptr,
                            0
                        )
    };
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return answer;
    const auto* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    return Error{pg::code_of(state == nullptr ? "" : state), PQresultErrorMessage(answer.get())};
}

struct Applied {
    int number;
    std::string sha256;
};

Result<std::vector<Applied>> applied(PGconn* conn) {
    WARDLINE_TRY(
        const auto exists, ask(conn, "select to_regclass('wardline.schema_versions') is not null")
    );
    std::vector<Applied> out;
    if (PQgetvalue(exists.get(), 0, 0)[0] != 't') return out;
    WARDLINE_TRY(
        const auto rows,
        ask(conn, "select number, sha256 from wardline.schema_versions order by number")
    );
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
        out.push_back({std::atoi(PQgetvalue(rows.get(), row, 0)), PQgetvalue(rows.get(), row, 1)});
    }
    return out;
}

Result<void> check_known(
    const std::vector<Applied>& have, std::span<const Migration> migrations, const std::string& what
) {
    for (const auto& one : have) {
        if (one.number > static_cast<int>(migrations.size())) {
            return Error{
                Code::usage,
                what + " has schema version " + std::to_string(have.back().number) +
                    ", written by a newer Wardline than this one, which knows version " +
                    std::to_string(migrations.size()) + "; nothing was changed"
            };
        }
        const auto& known = migrations[static_cast<std::size_t>(one.number) - 1];
        if (known.sha256_hex != one.sha256) {
            return Error{
                Code::usage,
                what + " was made by another edition of migration " + std::string{known.name} +
                    "; nothing was changed"
            };
        }
    }
    return success();
}

Result<void> apply(PGconn* conn, const Migration& migration) {
    const auto run = [&]() -> Result<void> {
        WARDLINE_TRY(ask(conn, "begin"));
        WARDLINE_TRY(ask(conn, std::string{migration.sql}.c_str()));
        WARDLINE_TRY(
            ask(conn,
                "insert into wardline.schema_versions (number, name, sha256) values ($1, $2, $3)",
                {std::to_string(migration.number),
                 std::string{migration.name},
                 std::string{migration.sha256_hex}})
        );
        WARDLINE_TRY(ask(conn, "commit"));
        return success();
    };
    auto done = run();
    if (!done) static_cast<void>(ask(conn, "rollback"));
    return done;
}

Result<Conn> connect(const std::string& conninfo, const std::string& what) {
    Conn conn{PQconnectdb(conninfo.c_str())};
    if (PQstatus(conn.get()) != CONNECTION_OK) {
        return Error{Code::unavailable, what + " cannot be reached: " + PQerrorMessage(conn.get())};
    }
    PQsetNoticeProcessor(conn.get(), [](void*, const char*) {}, nullptr);
    return conn;
}

}  // namespace

Result<SchemaState> inspect_schema(
    const std::string& conninfo, std::span<const Migration> migrations, const std::string& what
) {
    WARDLINE_TRY(const auto conn, connect(conninfo, what));
    WARDLINE_TRY(
        const auto system,
        ask(conn.get(), "select system_identifier::text from pg_control_system()")
    );
    WARDLINE_TRY(const auto have, applied(conn.get()));
    WARDLINE_TRY(check_known(have, migrations, what));
    return SchemaState{have.empty() ? 0 : have.back().number, PQgetvalue(system.get(), 0, 0)};
}

Result<void> migrate(
    const std::string& conninfo, std::span<const Migration> migrations, const std::string& what
) {
    WARDLINE_TRY(const auto conn, connect(conninfo, what));
    WARDLINE_TRY(ask(conn.get(), kLock));
    WARDLINE_TRY(const auto have, applied(conn.get()));
    WARDLINE_TRY(check_known(have, migrations, what));
    WARDLINE_TRY(ask(conn.get(), kPrepare));
    for (const auto& migration : migrations.subspan(have.size())) {
        auto done = apply(conn.get(), migration);
        if (!done) {
            return Error{
                done.error().code,
                "migration " + std::string{migration.name} + " of " + what +
                    " failed: " + done.error().detail
            };
        }
    }
    return success();
}

}  // namespace wardline::storage
