#include "storage/pg/sqlstate.hpp"

#include <array>
#include <utility>

namespace wardline::storage::pg {
namespace {

// Whole codes before their classes (the first two characters).
constexpr std::array<std::pair<std::string_view, Code>, 17> kTable{{
    {"53100", Code::read_only},    // disk_full
    {"23505", Code::conflict},     // unique_violation
    {"55000", Code::unavailable},  // object_not_in_prerequisite_state
    {"55P03", Code::unavailable},  // lock_not_available
    {"25006", Code::unavailable},  // read_only_sql_transaction: this is a standby now
    {"25P02", Code::unavailable},  // in_failed_sql_transaction
    {"26000", Code::unavailable},  // invalid_sql_statement_name: a pooler in between
    {"28", Code::unavailable},     // authentication
    {"3D", Code::unavailable},     // the database does not exist (yet)
    {"08", Code::unavailable},     // connection
    {"40", Code::unavailable},     // rolled back: serialisation, deadlock
    {"53", Code::unavailable},     // resources: memory, connections
    {"57", Code::unavailable},     // shutdown, cancel, crash
    {"58", Code::unavailable},     // system: io_error and the like
    {"F0", Code::unavailable},     // configuration file
    {"XX001", Code::unavailable},  // data_corrupted
    {"XX002", Code::unavailable},  // index_corrupted
}};

}  // namespace

Code code_of(std::string_view sqlstate) noexcept {
    if (sqlstate.empty()) return Code::unavailable;
    for (const auto& [prefix, code] : kTable) {
        if (sqlstate.starts_with(prefix)) return code;
    }
    return Code::internal;
}

}  // namespace wardline::storage::pg
