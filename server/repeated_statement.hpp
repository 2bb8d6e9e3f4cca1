#pragma once

#include "protocol/trust/statement.hpp"
#include "storage/journal_writer.hpp"

#include <cstdint>
#include <string>

// A statement that comes a second time, because its answer was lost, gets its first answer again.
namespace wardline::server {

struct Services;

struct StatementPlace {
    std::string chain;
    std::uint64_t pos{0};
    Hash hash;
};
StatementPlace place_of(const trust::Statement& statement);

// The entry under which exactly this statement stands, or `refused`.
storage::Task<storage::Appended> find_repeated(
    Services& services, StatementPlace place, Error refused
);

}  // namespace wardline::server
