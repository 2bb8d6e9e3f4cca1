#include "tests/bench/sql.hpp"

#include <stdexcept>

namespace wardline::bench {
namespace {

struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, Clear>;

PgResult checked(PGconn* connection, PGresult* raw) {
    PgResult result{raw};
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    throw std::runtime_error{std::string{"the database refused: "} + PQerrorMessage(connection)};
}

}  // namespace

Sql::Sql(const std::string& conninfo) : connection_{PQconnectdb(conninfo.c_str())} {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error{
            std::string{"cannot open the database: "} + PQerrorMessage(connection_.get())
        };
    }
}

std::vector<std::string> Sql::column(const std::string& text) {
    const auto result = checked(connection_.get(), PQexec(connection_.get(), text.c_str()));
    std::vector<std::string> out;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        out.emplace_back(PQgetvalue(result.get(), row, 0));
    }
    return out;
}

std::string Sql::value(const std::string& text) {
    auto rows = column(text);
    if (rows.size() != 1) throw std::runtime_error{"not one row: " + text};
    return std::move(rows.front());
}

void Sql::prepare(const std::string& name, const std::string& text) {
    checked(
        connection_.get(), PQprepare(connection_.get(), name.c_str(), text.c_str(), 1, nullptr)
    );
}

void Sql::execute(const std::string& name, const std::string& parameter) {
    const char* const values[] = {parameter.c_str()};
    checked(
        connection_.get(),
        PQexecPrepared(connection_.get(), name.c_str(), 1, values, nullptr, nullptr, 0)
    );
}

}  // namespace wardline::bench
