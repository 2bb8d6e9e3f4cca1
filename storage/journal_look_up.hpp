#pragma once

#include "storage/journal_state.hpp"
#include "storage/key_ring.hpp"
#include "storage/pg/query.hpp"
#include "storage/pg/rows.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

// The first half of a transaction of the journal writer, as values: what it asks under the lock,
// and what it then knows.
namespace wardline::storage {

struct UnitPlace {
    ThreadId thread;
    trust::MessageClass message_class{};
    std::uint32_t day{0};
    auto operator<=>(const UnitPlace&) const = default;
};

struct UnitSlot {
    UnitNumber unit{0};
    KeyNumber key{0};
};

struct FirstAnswer {
    Seq seq{0};
    Instant time;
    Hash hash;
};

using MessageName = std::pair<DeviceId, MessageId>;
using CounterName = std::tuple<DeviceId, ThreadId, trust::Audience>;

// What the database said under the lock, and what the batch has added since.
struct BatchFacts {
    Seq head_seq{0};
    Instant head_time;
    std::map<MessageName, FirstAnswer> messages;
    std::map<CounterName, std::uint64_t> counters;
    std::map<DeviceId, std::uint64_t> generations;
    std::map<Seq, UnitSlot> units_of;
    std::map<UnitPlace, UnitSlot> live_units;
    std::set<UnitNumber> condemnable;

    JudgeFacts for_act(const Act& act, Seq seq, Instant time) const;
};

// The first pipeline: begin, lock the head row, look up what the acts ask for.
std::vector<pg::Statement> lock_and_look_up(
    int clinic, const std::vector<const Act*>& acts, std::uint32_t day
);
BatchFacts facts_of(const std::vector<const Act*>& acts, const std::vector<pg::Rows>& answers);
// Outside of the transaction or in it: live units of these places.
pg::Statement look_up_units(int clinic, const std::vector<UnitPlace>& places);
void add_units(const pg::Rows& rows, std::map<UnitPlace, UnitSlot>& units);

// What the acts will want to write to, if they are messages, on that day.
std::vector<UnitPlace> places_of(const std::vector<const Act*>& acts, std::uint32_t day);

}  // namespace wardline::storage
