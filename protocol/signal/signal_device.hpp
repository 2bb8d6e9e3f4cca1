#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/signal/keys.hpp"
#include "protocol/signal/records.hpp"

#include <cstdint>
#include <memory>
#include <optional>

// The one wrapper around libsignal-protocol-c: pairwise sessions between devices. docs/protocol.md
// section 8, "Live slots".
namespace wardline::signal {

using message::LiveKind;

// Another device, with the identity key that its grant certifies. Nothing is ever trusted on first
// use.
struct Peer {
    DeviceId device;
    IdentityKey identity;
};

struct Encrypted {
    LiveKind kind{LiveKind::message};
    Bytes bytes;
};

struct Decrypted {
    SecretBytes plaintext;
    std::optional<std::uint32_t>
        used_prekey;  // The one-time prekey that this first message consumed.
};

class SignalTransaction;

// One device's end of all its sessions. There must be only one for a store: two over the same
// records would encrypt different messages under the same key. Any thread; transactions of several
// threads wait for each other.
class SignalDevice {
public:
    // Keeps a reference to `records`, which must outlive it. `internal` if the library cannot be
    // set up, `usage` if the identity's keys are not a pair.
    static Result<std::unique_ptr<SignalDevice>> create(
        SignalIdentity identity, SignalRecords& records
    );
    ~SignalDevice();
    SignalDevice(const SignalDevice&) = delete;
    SignalDevice& operator=(const SignalDevice&) = delete;

    const SignalIdentity& identity() const noexcept;

    // Waits until no other thread has a transaction. The thread that called it uses and ends it.
    SignalTransaction begin();

    struct Impl;

private:
    explicit SignalDevice(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Some operations over a device's sessions, which see each other's effects and are written
// together:
//     auto transaction = device.begin();
//     … transaction.decrypt(…) …
//     in one database transaction: write transaction.changes() and the plaintext; commit
// The lock is held until the transaction is destroyed, so destroy it only after the database has
// committed (or after giving up), and send no ciphertext before. Dropping the changes undoes
// everything: the same message decrypts again. An operation that fails changes nothing, whatever
// the ones before it did.
class SignalTransaction {
public:
    SignalTransaction(SignalTransaction&&) noexcept;
    ~SignalTransaction();
    SignalTransaction(const SignalTransaction&) = delete;
    SignalTransaction& operator=(const SignalTransaction&) = delete;
    SignalTransaction& operator=(SignalTransaction&&) = delete;

    Result<bool> has_session(const DeviceId& peer);

    // Begins a session, also where there is one already. `bad_signature` where the signed prekey is
    // not signed by the peer's certified identity, `bad_frame` for an unsound key or an id out of
    // bounds. Consumes the bundle's one-time key at the peer.
    Result<void> begin_session(const Peer& peer, const PrekeyBundle& bundle);

    // `not_found` without a session, `trust_alarm` if the session is with another identity. At most
    // 64 KiB.
    Result<Encrypted> encrypt(const Peer& peer, BytesView plaintext);

    // `undecryptable` for whatever does not decrypt: forged, seen before, more than 2000 ahead, of
    // a session or prekey that is gone. `conflict` for a message that was decrypted before,
    // `not_found` without a session, `trust_alarm` for another identity than the peer's,
    // `rate_limited` after too many failures of this peer. In every case the reader falls back to a
    // reader slot.
    Result<Decrypted> decrypt(const Peer& peer, LiveKind kind, BytesView bytes, Instant now);

    // Forgets the session; the next message to the peer needs a bundle.
    void end_session(const DeviceId& peer);

    const StoreChanges& changes() const noexcept;

private:
    friend class SignalDevice;
    struct State;
    explicit SignalTransaction(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace wardline::signal
