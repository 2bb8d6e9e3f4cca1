#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/message/live_slots.hpp"

#include <optional>
#include <span>

// What is stored as the payload of a message: the message as its author signed it, and the live
// slots beside it, laid out so that one device's slot is found without decoding anything.
//     u32 length of the message, the message (CBOR), the array of live slots (CBOR)
namespace wardline::server {

Bytes pack_message_payload(BytesView message, std::span<const message::LiveSlot> live);

// Views into a payload.
struct MessagePayload {
    BytesView message;
    BytesView live;

    // Nothing where the bytes are not a payload: a broken store.
    static std::optional<MessagePayload> of(BytesView payload) noexcept;
    // The items `kind` and `bytes` of the device's slot, encoded one behind the other.
    std::optional<BytesView> live_of(const DeviceId& device) const noexcept;
};

}  // namespace wardline::server
