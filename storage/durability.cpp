#include "storage/durability.hpp"

#include <libpq-fe.h>

#include <memory>

namespace wardline::storage {
namespace {

// `local` waits for the disk, if not for a standby: that is for whoever has one to choose.
constexpr const char* kUnsafe = R"sql(
    select name || '=' || setting from pg_settings
    where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'
    order by name
)sql";

struct Finish {
    void operator()(PGconn* conn) const { PQfinish(conn); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};

}  // namespace

Result<std::vector<std::string>> unsafe_settings(const std::string& conninfo) {
    const std::unique_ptr<PGconn, Finish> conn{PQconnectdb(conninfo.c_str())};
    const std::unique_ptr<PGresult, Clear> rows{PQexec(conn.get(), kUnsafe)};
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) {
        return Error{Code::unavailable, PQerrorMessage(conn.get())};
    }
    std::vector<std::string> out;
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
        out.emplace_back(PQgetvalue(rows.get(), row, 0));
    }
    return out;
}

}  // namespace wardline::storage
