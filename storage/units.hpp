#pragma once

#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <vector>

// Retention units and their end: live, condemned (by an `expiry` entry: Draft::condemn), key
// destroyed, gone.
namespace wardline::storage {

class Database;
class KeyRing;

struct LiveUnit {
    UnitNumber number{0};
    ThreadId thread;
    trust::MessageClass message_class{};
    std::uint32_t day{0};       // Days since 1970-01-01, UTC.
    std::uint64_t messages{0};  // Payloads of kind message in it.
    bool operator==(const LiveUnit&) const = default;
};

struct DueRule {
    trust::MessageClass message_class{};
    std::uint32_t last_day{0};  // Units of this day and earlier ones are due.
};

struct ExpiryCounts {
    std::uint64_t units{0};
    std::uint64_t payloads{0};
    bool operator==(const ExpiryCounts&) const = default;
};

class Units {
public:
    Units(Database& database, KeyRing& keys) : database_{database}, keys_{keys} {}

    // Live units that the rules name, in order of number, those behind `after`. One page.
    Task<std::vector<LiveUnit>> due(
        std::vector<DueRule> rules, UnitNumber after, std::size_t limit
    );
    // All live units, for a preview of what will be due later.
    Task<std::vector<LiveUnit>> live(UnitNumber after, std::size_t limit);

    // Carries every condemned unit to its end: destroys keys, then deletes rows in bounded batches.
    // May be stopped or killed anywhere and called again. Counts what this call brought to its end.
    Task<ExpiryCounts> finish_condemned();

private:
    Task<bool> destroy_keys();
    Task<ExpiryCounts> delete_rows();

    Database& database_;
    KeyRing& keys_;
};

}  // namespace wardline::storage
