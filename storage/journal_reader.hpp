#pragma once

#include "audit/tree.hpp"
#include "audit/tree_head.hpp"
#include "storage/journal_state.hpp"
#include "storage/pg/query.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Reading the journal, by pages, each in one short transaction. Payloads come unwrapped. Every
// call: `unavailable` while a database is away. One thread; any number of calls at one time.
namespace wardline::storage {

class Database;
class KeyRing;

// Payloads of one page: it ends early, with `more`, behind the one that exceeds this.
constexpr std::size_t kPagePayloadBytes = std::size_t{4} * 1024 * 1024;

// What a device may be interested in, for sync_page().
struct SyncFilter {
    std::vector<ThreadId> threads;
    std::vector<std::string> chains;
    // False: no payloads, and no messages whose details are erased, of which there is no notice.
    bool payloads{true};
};

struct EntryPage {
    std::vector<StoredEntry> entries;  // Rising seq.
    Seq upto{0};       // Everything that fits the question up to here is in the page.
    bool more{false};  // There may be more behind it (or before it, when paging backwards).
};

struct ThreadLast {
    ThreadId thread;
    Seq seq{0};
    Instant time;
    std::optional<trust::MessageClass> message_class;
};

struct AdmittedBox {
    DeviceId device;
    Bytes box;
};

struct BoxesOfEpoch {
    EpochBoxes epoch;
    std::vector<AdmittedBox> admitted;  // In the order of their statements.
};

class JournalReader {
public:
    JournalReader(Database& database, KeyRing& keys);

    // Seq of the newest entry, 0 before the first; the newest signed head.
    Task<Seq> newest();
    Task<std::optional<audit::SignedHead>> head();
    // The clinic of this journal, once genesis is stored.
    Task<std::optional<ClinicId>> clinic();

    // Entries after < seq <= upto of every kind.
    Task<EntryPage> range(Seq after, Seq upto, std::size_t limit);
    // Entries after `after` that belong to one of the threads or chains.
    Task<EntryPage> sync_page(Seq after, std::size_t limit, const SyncFilter& filter);
    // Of one thread (entries whose draft named it): the `limit` entries behind `after`, or those
    // before `before` (0: the newest).
    Task<EntryPage> thread_after(const ThreadId& thread, Seq after, std::size_t limit);
    Task<EntryPage> thread_before(const ThreadId& thread, Seq before, std::size_t limit);
    // Of one thread: the `limit` messages behind `after`, and nothing else.
    Task<EntryPage> thread_messages(const ThreadId& thread, Seq after, std::size_t limit);
    // The added slots behind `after` that lie in the units of these messages (at most 1,024): those
    // that were added to them are among them.
    Task<EntryPage> added_to(const std::vector<Seq>& messages, Seq after, std::size_t limit);
    // Exactly these entries, those that exist, in seq order; at most 1,024.
    Task<std::vector<StoredEntry>> entries(std::vector<Seq> seqs);
    // The newest message of each of these threads (at most 1,024); threads without one are left
    // out.
    Task<std::vector<ThreadLast>> last_of(std::vector<ThreadId> threads);

    // Statements of every chain after < seq <= upto, in seq order: how a node starts.
    Task<EntryPage> statements(Seq after, Seq upto, std::size_t limit);
    // Statements of one chain, from a position on.
    Task<EntryPage> chain(const std::string& chain, std::uint64_t from, std::size_t limit);

    // `not_found` for an epoch without boxes.
    Task<BoxesOfEpoch> boxes(const Hash& epoch);

    // Proofs, docs/protocol.md section 9. `not_found` beyond the journal's end.
    Task<std::vector<Hash>> consistency(std::uint64_t from, std::uint64_t to);
    Task<std::vector<std::vector<Hash>>> inclusion(std::vector<Seq> seqs, std::uint64_t size);
    // The edge of the tree of that size, to grow it further.
    Task<audit::TreeEdge> tree_edge(std::uint64_t size);

private:
    struct PageOptions {
        bool payloads;
        bool backwards;
    };
    Task<EntryPage> page(
        const pg::Query& query,
        pg::Params params,
        std::size_t limit,
        PageOptions options = {true, false}
    );

    Database& database_;
    KeyRing& keys_;
};

}  // namespace wardline::storage
