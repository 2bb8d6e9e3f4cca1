#pragma once

#include "audit/tree_head.hpp"
#include "protocol/crypto/crypto.hpp"
#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

// The one way into the journal. It takes what is queued, never waiting for more, and in one
// transaction locks the clinic's head row, numbers, hashes, signs, wraps and stores it; then it
// answers everybody. Owned by main; one thread.
namespace wardline::storage {

class Database;
class KeyRing;

struct Appended {
    Seq seq{0};  // Of the act's first entry.
    Instant time;
    Hash hash;             // Of the message or statement; zero for other kinds.
    bool repeated{false};  // The same message was stored before: this is its first answer again.
};

struct JournalWriterOptions {
    std::size_t batch_max{256};     // Acts a transaction; 1 is a transaction for each.
    std::size_t queue_max{16'384};  // Acts waiting; beyond it `unavailable` at once.
    std::size_t batch_bytes_max{std::size_t{8} * 1024 * 1024};  // Of payloads in one transaction.
    std::chrono::milliseconds deadline{2'000};  // Of one transaction, then its outcome is unknown.
    std::chrono::milliseconds poll{500};        // For what other nodes wrote, where no hint came.
    std::chrono::milliseconds reconnect{200};   // Between attempts to reach the database.
};

struct JournalWriterStats {
    std::uint64_t batches{0};
    std::uint64_t entries{0};
    std::uint64_t refused{0};
    std::uint64_t unknown_commits{0};
    std::uint64_t reconnects{0};
};

class JournalWriter {
public:
    // Called exactly once, on the node's thread, possibly before submit() returns. Does not throw.
    using Completion = std::function<void(Result<Appended>)>;

    // Everything referred to outlives the writer. `now` is the node's wall clock.
    JournalWriter(
        Database& database,
        KeyRing& keys,
        JournalState& state,
        SigningSecret audit_key,
        std::function<Instant()> now,
        crypto::Random& random,
        JournalWriterOptions options = {}
    );
    ~JournalWriter();

    // Acts are judged and numbered in the order of these calls. The answer is the judge's error,
    // `id_reused` (with seq and hash), `unavailable` (whether it is stored is unknown or no: ask
    // again with the same message id), `read_only` (the disk is full) or `shutting_down`.
    void submit(std::unique_ptr<Act> act, Completion done);
    // The same, awaited; queued at once, before the first suspension.
    Task<Appended> append(std::unique_ptr<Act> act);

    // Written with the next batch, at most once a second: how far a device is. Only ever forward.
    void note_cursor(const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read);
    void note_seen(const DeviceId& device, Instant at);

    // Connects, loads, then serves until stop(). Reconnects by itself. Spawn it once.
    net::awaitable<void> run();
    // No new acts; run() returns when what was accepted is answered (within `deadline`).
    void stop();
    // The journal has grown up to `newest`, perhaps by another node's hand: if that is news, it is
    // read soon.
    void wake(Seq newest);

    // Connected and loaded: acts are not refused for that reason.
    bool available() const;
    // The journal takes no entries because the disk is full.
    bool read_only() const;
    // Everything up to here has passed through apply() or committed().
    Seq seen() const;
    // The newest head that is committed; nothing before genesis.
    const std::optional<audit::SignedHead>& head() const;
    JournalWriterStats stats() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage
