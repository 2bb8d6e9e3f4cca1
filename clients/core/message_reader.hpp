#pragma once

#include "clients/core/chains.hpp"
#include "clients/core/message_keys.hpp"
#include "clients/core/signal_store.hpp"
#include "clients/core/thread_order.hpp"
#include "clients/core/types.hpp"
#include "protocol/signal/signal_device.hpp"
#include "protocol/wire/entry.hpp"

#include <map>
#include <vector>

namespace wardline::client {

// What one entry turned out to be, and the writes that reading it caused.
struct ReadMessage {
    Message message;
    Hash hash;
    message::TreeRef tree;    // That the author had verified.
    bool missing_key{false};  // Refused only because no slot opened; an added slot may change that.
    bool alarm{false};  // The server or its author lies: which of them, nobody can tell from here.
    std::optional<Place> place{};  // Among the messages of its thread.
};

// Reads the entries of messages as docs/protocol.md section 8, "Reading", says. Verifies
// everything; a message that fails is a Message in state `refused` with the reason. Errors are only
// what ends reading: the server, the store, a trust alarm.
class MessageReader {
public:
    MessageReader(
        Chains& chains,
        MessageKeys& keys,
        const DeviceIdentity& self,
        const Environment& environment
    )
        : chains_{chains}, keys_{keys}, self_{self}, environment_{environment} {}

    // With a payload; `signal` may be null, and live slots are then left alone. `added`: slots
    // added later.
    Result<ReadMessage> read(
        const wire::Entry& entry,
        signal::SignalTransaction* signal,
        std::span<const message::Slot> added = {}
    );
    // A notice or an expired message: what the details say. `not_found` for details of another
    // form.
    Result<Message> describe(const wire::Entry& entry);

private:
    Result<MessageKey> live_key(
        const wire::Entry& entry,
        const trust::DeviceRecord& author,
        const Hash& header_hash,
        signal::SignalTransaction& signal
    );
    // As the journal says; the author's part is added once the header is read.
    static Result<Place> place_of(const wire::Entry& entry, const Message& described);
    Result<Message> base(
        const wire::Entry& entry, const message::Header& header, const trust::DeviceRecord& author
    ) const;

    Chains& chains_;
    MessageKeys& keys_;
    const DeviceIdentity& self_;
    const Environment& environment_;
};

// Until when a message of this class that was received then is kept, as genesis says.
Instant kept_until(
    const trust::ClinicChain& clinic, trust::MessageClass message_class, Instant received
);

}  // namespace wardline::client
