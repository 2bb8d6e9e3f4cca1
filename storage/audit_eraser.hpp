#pragma once

#include "protocol/base/ids.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <optional>

// Taking details and salts out of the journal, by the retention role, after the entry that says so
// is committed. What stays of each is its hash, so that every leaf and proof stays good, and of a
// message its thread and class, because its readers count. Details of messages and added slots go
// once their payloads are gone; never those of a statement, whose chain lives on, nor of an
// erasure, which accounts for others. One thread.
namespace wardline::storage {

class Database;

// The details of entries from <= seq <= to; with a thread, of those that belong to it or speak
// about it.
struct ErasureScope {
    Seq from{1};
    Seq to{0};
    std::optional<ThreadId> thread;
};

class AuditEraser {
public:
    explicit AuditEraser(Database& database) : database_{database} {}

    // How many there are to erase.
    Task<std::uint64_t> count(ErasureScope scope);
    // Erases them, `count` at most (there may be more by now), in bounded batches. May be stopped
    // or killed anywhere and called again.
    Task<std::uint64_t> erase(ErasureScope scope, std::uint64_t count);
    // Deletes network addresses of logins before that time.
    Task<std::uint64_t> forget_addresses(Instant before);

private:
    Database& database_;
};

}  // namespace wardline::storage
