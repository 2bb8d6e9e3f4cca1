#pragma once

#include "protocol/base/result.hpp"
#include "storage/migration_list.hpp"

#include <span>
#include <string>

// Brings one database to this program's schema. Blocking; before the io_context runs.
namespace wardline::storage {

struct SchemaState {
    int version{0};      // Of the newest migration applied; 0 for an empty database.
    std::string system;  // The cluster's system identifier.
};

// Changes nothing. `usage` with a sentence where the schema is newer than `migrations`, or where a
// migration was applied that reads differently now. `what` names the database in sentences.
Result<SchemaState> inspect_schema(
    const std::string& conninfo, std::span<const Migration> migrations, const std::string& what
);

// Applies what is missing, each migration in a transaction of its own, under an advisory lock, so
// that nodes may start together. Refuses what inspect_schema() refuses.
Result<void> migrate(
    const std::string& conninfo, std::span<const Migration> migrations, const std::string& what
);

}  // namespace wardline::storage
