#pragma once

#include "audit/tree.hpp"
#include "audit/tree_head.hpp"
#include "storage/journal_look_up.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The second half of a transaction of the journal writer, as values: what it writes.
namespace wardline::storage {

struct WrappedPayload {
    Seq seq{0};
    UnitNumber unit{0};
    audit::EntryKind kind{};
    Bytes bytes;
};

struct MessageRow {
    MessageName name;
    FirstAnswer answer;
};

struct SideWrites {
    std::map<std::pair<DeviceId, ThreadId>, std::pair<Seq, Seq>> cursors;  // Delivered, read.
    std::map<DeviceId, Instant> seen;
    bool empty() const { return cursors.empty() && seen.empty(); }
};

// The second pipeline.
struct BatchWrites {
    std::vector<StoredEntry> entries;  // With payloads as they came.
    std::vector<Hash> leaves;          // Beside the entries.
    std::vector<WrappedPayload> payloads;
    std::vector<MessageRow> messages;
    std::map<CounterName, std::uint64_t> counters;
    std::vector<std::pair<UnitPlace, UnitSlot>> units;
    std::vector<UnitNumber> condemn;
    std::vector<EpochBoxes> epoch_boxes;
    std::vector<std::pair<Seq, AdmitBox>> admit_boxes;
    std::vector<LoginGeneration> generations;
    std::vector<std::pair<Seq, std::string>> addresses;  // At the batch's time.
    std::optional<ClinicId> founds;
    std::vector<audit::Tile> tiles;
    audit::SignedHead head;
    bool keep_head{false};  // For good, beside being the newest.
    SideWrites side;
};
std::vector<pg::Statement> writes_of(int clinic, const BatchWrites& writes);

}  // namespace wardline::storage
