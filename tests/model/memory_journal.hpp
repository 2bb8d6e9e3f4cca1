#pragma once

#include "audit/tree.hpp"
#include "audit/tree_head.hpp"
#include "server/acts/act.hpp"
#include "server/clinic_state.hpp"
#include "server/log.hpp"
#include "storage/database.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "tests/support/chain_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

// The journal as it is promised and no more: a list in memory. Acts are judged by the server's own
// rules. What PostgreSQL does in a node (and how it fails) is tested elsewhere; here nothing waits.
namespace wardline::model {

// What all nodes share.
class MemoryJournal final : public audit::TileSource {
public:
    const std::vector<storage::StoredEntry>& entries() const { return entries_; }
    Seq newest() const { return entries_.size(); }
    const storage::StoredEntry& at(Seq seq) const { return entries_.at(seq - 1); }
    const std::vector<Hash>* tile(const audit::TileId& id) override;
    // Of the first `size` entries; at least one.
    const Hash& root(std::uint64_t size) const { return roots_.at(size - 1); }

    // Counters, message ids and logins, as the writer looks them up.
    struct Stored {
        Seq seq{0};
        Hash hash;
    };
    using Place = std::pair<DeviceId, std::pair<ThreadId, trust::Audience>>;
    std::map<std::pair<DeviceId, MessageId>, Stored> messages;
    std::map<Place, std::uint64_t> counters;
    std::map<DeviceId, std::uint64_t> generations;
    std::map<Hash, storage::EpochBoxes> boxes;                // By epoch.
    std::map<Hash, std::vector<storage::AdmitBox>> admitted;  // By epoch.

    void append(storage::StoredEntry entry);

private:
    std::vector<storage::StoredEntry> entries_;
    std::vector<Hash> leaves_;
    std::vector<Hash> roots_;  // By size.
    audit::TreeEdge edge_;
    std::map<audit::TileId, std::vector<Hash>> tiles_;
};

// One node's memory of the clinic over that journal.
class MemoryNode {
public:
    using Answer = Result<storage::Appended>;
    using Done = std::function<void(Answer)>;
    struct Asked {
        std::unique_ptr<server::ServerAct> act;
        Done done;
    };

    MemoryNode(MemoryJournal& journal, const Instant& now);

    // What other nodes wrote, as a wake-up brings it. `spoil` changes what the state is told.
    using Spoil = std::function<void(std::vector<storage::StoredEntry>&)>;
    void catch_up(const Spoil& spoil = {});
    // One batch: judged, numbered, stored, answered, told.
    void write(std::vector<Asked> batch);
    Answer write(std::unique_ptr<server::ServerAct> act);
    // Everything that `clinic` has and the journal does not.
    void store(testing::AClinic& clinic);

    Seq seen() const { return seen_; }
    const server::ClinicRecord& record() const { return state.record(); }

private:
    // Of one act: its entries, or the answer to a refusal.
    Answer judge(const server::ServerAct& act, std::vector<storage::StoredEntry>& fresh);
    storage::JudgeFacts facts_for(const server::ServerAct& act) const;
    storage::StoredEntry entry_of(const storage::Draft& draft, Seq seq) const;
    void remember(const storage::Draft& draft, const server::ServerAct& act, Seq seq);

    MemoryJournal& journal_;
    const Instant& now_;
    Seq seen_{0};
    std::stringstream log_text_;
    boost::asio::io_context io_;
    storage::Database database_;  // Never asked.
    storage::KeyRing keys_;

public:
    server::Log log;
    server::ClinicState state;
    storage::JournalReader reader;  // Reads nothing: for what has to be given one.
};

}  // namespace wardline::model
