#pragma once

#include "clients/core/epoch_keys.hpp"
#include "protocol/message/header.hpp"
#include "protocol/message/slots.hpp"

#include <span>

namespace wardline::client {

// Opens the message key of a stored message for this device: by its own box, its teams' epochs, or
// its account's.
class MessageKeys {
public:
    MessageKeys(EpochKeys& epochs, const DeviceIdentity& self) : epochs_{epochs}, self_{self} {}

    // `undecryptable` where none of the slots is for this device; other errors where the server
    // could not be asked.
    Result<MessageKey> open(
        const PatientId& patient, const Hash& header_hash, std::span<const message::Slot> slots
    );

private:
    Result<MessageKey> open_one(
        const PatientId& patient, const Hash& header_hash, const message::Slot& slot
    );

    EpochKeys& epochs_;
    const DeviceIdentity& self_;
};

}  // namespace wardline::client
