#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

// Where a device's ratchets live, and what one transaction over them changes.
namespace wardline::signal {

// The SHA-256 of the key with which a peer began a session.
using BaseKeyHash = Hash;

// What Signal transactions want to have written. The owner of the store writes all of it in one
// database transaction, together with what the transaction was for (the plaintext, or the message
// that is about to be sent), or drops it.
struct StoreChanges {
    // The record of each peer's session as it is now; nothing: delete it.
    std::map<DeviceId, std::optional<SecretBytes>> sessions;
    // One-time prekeys that were used up: delete them.
    std::set<std::uint32_t> used_prekeys;
    // First messages that were accepted: remember (peer, base key) for as long as the signed prekey
    // of that id is kept.
    struct Begun {
        DeviceId peer;
        BaseKeyHash base_key;
        std::uint32_t signed_prekey{0};
        auto operator<=>(const Begun&) const = default;
    };
    std::set<Begun> begun;

    bool empty() const noexcept {
        return sessions.empty() && used_prekeys.empty() && begun.empty();
    }
    // Adds what happened later; the later session record wins.
    void merge(StoreChanges&& later);
};

// Reads of a device's store; implemented over SQLite by the client and in memory by tests. Every
// write is a StoreChanges. Called with the device's lock held, by the thread that owns the
// transaction. An error from here ends the operation and comes back to its caller unchanged.
// Prekeys are written directly by their owner, outside of transactions.
class SignalRecords {
public:
    virtual ~SignalRecords() = default;

    virtual Result<std::optional<SecretBytes>> load_session(const DeviceId& peer) = 0;
    virtual Result<std::optional<SecretBytes>> load_prekey(std::uint32_t id) = 0;
    virtual Result<std::optional<SecretBytes>> load_signed_prekey(std::uint32_t id) = 0;
    // Whether a first message of this peer with this base key was accepted before.
    virtual Result<bool> has_begun(const DeviceId& peer, const BaseKeyHash& base_key) = 0;
};

}  // namespace wardline::signal
