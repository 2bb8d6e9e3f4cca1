#pragma once

#include "audit/trail.hpp"
#include "audit/tree_head.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <string>
#include <vector>

// The journal as the audit trail shows it: metadata of every entry, by pages, each in one short
// transaction; no payload is touched. Every call: `unavailable` while the database is away. One
// thread; any number of calls at one time.
namespace wardline::storage {

class Database;

struct TrailPage {
    std::vector<audit::TrailEntry> entries;  // Rising seq.
    Seq upto{0};  // Everything that fits the question up to here is in the page.
};

// Entries after < seq <= upto; at most `limit` of them. Not every one of the range need have been
// looked at: ask again behind `upto` of the page until it is the one asked for.
struct TrailRange {
    Seq after{0};
    Seq upto{0};
    std::size_t limit{0};
};

class AuditReader {
public:
    explicit AuditReader(Database& database) : database_{database} {}

    // Of these kinds; of every kind where none is named.
    Task<TrailPage> range(TrailRange range, std::vector<audit::EntryKind> kinds);
    // What belongs to the thread or speaks about it, and the statements of its patient's chain.
    Task<TrailPage> about(TrailRange range, ThreadId thread, std::string chain);
    // The first entry of that time or later; newest + 1 where there is none.
    Task<Seq> first_at(Instant time, Seq newest);
    // Heads kept for good, of trees larger than `after`, rising.
    Task<std::vector<audit::SignedHead>> heads(std::uint64_t after, std::size_t limit);

private:
    Database& database_;
};

}  // namespace wardline::storage
