#pragma once

#include "audit/leaf.hpp"
#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/class.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// What passes between the journal writer and the decisions (server/): acts go in, the state judges
// them under the clinic's head lock, drafts come out and become entries. All on the node's thread.
namespace wardline::storage {

// Number of a retention unit: (thread, class, day of server receipt in UTC). Never used twice.
using UnitNumber = std::uint64_t;

struct StoredStatement {
    std::string chain;  // "clinic", "patient/PATIENT-ID"
    std::uint64_t pos{0};
    Hash hash;
    Bytes bytes;  // The statement as it came, opaque here.
    bool operator==(const StoredStatement&) const = default;
};

struct StoredPayload {
    UnitNumber unit{0};
    Bytes bytes;
    bool operator==(const StoredPayload&) const = default;
};

// An entry that is committed.
struct StoredEntry {
    Seq seq{0};
    Instant time;
    audit::EntryKind kind{};
    audit::Salt salt;
    Bytes details;
    // SHA-256(salt details), of a message or added slots whose details and salt are erased.
    std::optional<Hash> erased;
    std::optional<ThreadId> thread;
    std::optional<ThreadId> about;  // As written; not read again.
    std::optional<trust::MessageClass> message_class;
    std::optional<StoredStatement> statement;
    std::vector<StoredPayload> payloads;  // One of a message; one a unit of added slots.
    bool expired{false};  // A message or added slots of which (some) payload is gone or hidden.
    bool operator==(const StoredEntry&) const = default;
};

// What makes a message one message: the writer looks it up before any other check.
struct MessageAsk {
    DeviceId device;
    MessageId id;
    Hash hash;        // Of the message, docs/protocol.md section 8.
    ThreadId thread;  // For the last counter of (device, thread, audience of the class).
    trust::MessageClass message_class{};
};

// A request to write. The server derives its own acts from it and knows them again in judge(). The
// members say what the writer is to look up, for the whole batch at once, before it asks.
struct Act {
    virtual ~Act() = default;

    std::optional<MessageAsk> message;
    std::optional<DeviceId> generation_of;  // Look up this device's count of logins.
    std::vector<Seq> units_of;        // Look up the units of these messages' payloads; at most 200.
    std::vector<UnitNumber> condemn;  // Look up which of these units are live; at most 1,000.
};

struct JudgeFacts {
    Seq seq{0};    // The number that the act's first entry will have.
    Instant time;  // Its time: never before that of the entry before.
    // Highest counter stored for the device, thread and audience of Act::message; 0 if none.
    std::uint64_t last_counter{0};
    std::uint64_t generation{0};  // Of Act::generation_of; 0 for a device that never logged in.
    // Beside each of Act::units_of: the unit, or nothing where its payload is gone or hidden.
    std::vector<std::optional<UnitNumber>> units;
    std::vector<UnitNumber> live;  // Those of Act::condemn that are live, in their order.
};

struct DraftPayload {
    Bytes bytes;
    // The unit of another message's payload (from JudgeFacts::units); without it, the unit of the
    // draft's thread and class, and the day of the entry.
    std::optional<UnitNumber> unit;
};

struct EpochBoxes {
    Hash epoch;  // Hash of the epoch statement.
    std::vector<Bytes> boxes;
    bool previous{false};  // The last box holds the previous epoch's key.
    bool operator==(const EpochBoxes&) const = default;
};

struct AdmitBox {
    Hash epoch;
    DeviceId device;
    Bytes box;
    bool operator==(const AdmitBox&) const = default;
};

struct LoginGeneration {
    DeviceId device;
    std::uint64_t generation{0};
};

// One entry to be, as judged.
struct Draft {
    audit::EntryKind kind{};
    Bytes details;  // CBOR map, docs/protocol.md section 9. The writer draws the salt.
    // By which an entry is found: the thread it belongs to, or only speaks about; the class of a
    // message.
    std::optional<ThreadId> thread;
    std::optional<ThreadId> about;
    std::optional<trust::MessageClass> message_class;

    std::vector<DraftPayload> payloads;
    std::optional<StoredStatement> statement;
    std::optional<EpochBoxes> epoch_boxes;
    std::optional<AdmitBox> admit_box;
    std::optional<std::uint64_t> counter;  // Of Act::message, which is stored with it.
    std::optional<LoginGeneration> generation;
    std::string address;  // Of a login: kept apart from the entry, for 28 days. Empty: not known.
    std::optional<ClinicId> founds;   // With genesis: the journal is this clinic's from here on.
    std::vector<UnitNumber> condemn;  // Of JudgeFacts::live: hidden from here on, for good.

    // The entry is a refusal: it is stored, and the one who asked gets this error after the commit.
    std::optional<Error> refusal;
};

// Kept by the server; owned by main, outlives the writer. Never called concurrently.
class JournalState {
public:
    virtual ~JournalState() = default;

    // Decides one act. On success the state has already taken its drafts (one, rarely more: they
    // get the seqs from facts.seq on, and commit together) into account, so that the next act of
    // the batch is judged in their light. On an error nothing is written and nobody else disturbed.
    virtual Result<std::vector<Draft>> judge(const Act& act, const JudgeFacts& facts) = 0;

    // Entries that other nodes wrote, in seq order, with payloads. Called before acts are judged
    // behind them.
    virtual void apply(std::vector<StoredEntry> entries) = 0;

    // Own entries, in seq order, once they are committed beyond doubt and their askers answered.
    // Together with apply(): every entry exactly once, in order, without gaps, from the seq that
    // reload() gave.
    virtual void committed(std::vector<StoredEntry> entries) = 0;

    // Forgets everything and rebuilds it from the database: at the start, and after a commit that
    // failed or of which nobody knows. Answers the seq up to which the state now knows everything.
    // What it had taken into account beyond that was never promised to anybody.
    virtual Task<Seq> reload() = 0;
};

}  // namespace wardline::storage
