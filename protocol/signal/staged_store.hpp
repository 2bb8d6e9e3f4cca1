#pragma once

#include "protocol/signal/keys.hpp"
#include "protocol/signal/records.hpp"

#include <memory>
#include <optional>
#include <signal_protocol.h>
#include <string>

// The stores that libsignal-protocol-c reads and writes, as a view over SignalRecords: reads see
// this operation's writes, then this transaction's, then the records; writes are staged and go
// nowhere. That closes the library's trap of storing an identity or a session before a message has
// proved genuine. Inside protocol/signal only; used under the device's lock.
namespace wardline::signal {

constexpr std::size_t kArchivedStatesMax = 5;

// The library's own errors end at -9999.
constexpr int kRecordsFailed =
    -10'000;  // SignalRecords answered an error: StagedStore::failure() has it.
constexpr int kUnexpectedCall =
    -10'001;  // The library asked for something that it has no business with here.

class StagedStore {
public:
    StagedStore(const SignalIdentity& identity, SignalRecords& records);
    StagedStore(const StagedStore&) = delete;
    StagedStore& operator=(const StagedStore&) = delete;

    // A store context whose every callback is set and refers to this object. Null if the library
    // fails.
    struct Destroy {
        void operator()(signal_protocol_store_context* store) const noexcept {
            signal_protocol_store_context_destroy(store);
        }
    };
    using StoreContext = std::unique_ptr<signal_protocol_store_context, Destroy>;
    StoreContext connect(signal_context* context);

    // What an operation may touch: one peer, whose sessions are found under `address` and whose
    // identity is the certified one.
    struct Scope {
        const DeviceId& peer;
        const IdentityKey& identity;
        const StoreChanges& before;  // By earlier operations of the transaction.
    };
    // All three outlive the operation.
    void start(const Scope& scope, const signal_protocol_address& address);
    // Ends the operation and hands over what it wrote.
    StoreChanges finish();

    // The error that SignalRecords answered within this operation, if it did.
    const std::optional<Error>& failure() const noexcept { return failure_; }

    // The peer's session record as this operation sees it.
    Result<std::optional<SecretBytes>> session();
    StoreChanges& staged() noexcept { return staged_; }

private:
    friend struct StoreCallbacks;
    bool is_current(const signal_protocol_address* address) const noexcept;
    // Keeps an error for the caller and returns what the library shall be told.
    int fail(Error error);
    int store_session(BytesView record);
    int load_prekey(std::uint32_t id, signal_buffer** out);
    int load_signed_prekey(std::uint32_t id, signal_buffer** out);

    const SignalIdentity& identity_;
    SignalRecords& records_;
    signal_context* context_{nullptr};
    const Scope* scope_{nullptr};
    const signal_protocol_address* address_{nullptr};
    StoreChanges staged_;
    std::optional<Error> failure_;
};

// `record` without all but the newest kArchivedStatesMax of its archived states: a message that
// nothing decrypts costs work in each of them. Nothing if the library cannot read the record.
std::optional<SecretBytes> trimmed(BytesView record, signal_context* context);

}  // namespace wardline::signal
