#pragma once

#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <cstddef>
#include <vector>

namespace wardline::storage {

class Database;
class KeyRing;

// Adds payloads and statements to entries that were read without, in seq order, and to messages
// without details what is left of them. Behind the payload with which the page exceeds `bytes_max`,
// entries are dropped; true if any were.
Task<bool> fill_entries(
    Database& database,
    KeyRing& keys,
    std::vector<StoredEntry>& entries,
    bool payloads,
    std::size_t bytes_max
);

}  // namespace wardline::storage
