#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>
#include <span>
#include <vector>

// The message key for one device that is on duty, inside a Signal message. Live slots are outside
// the message's signature and may be lost: a reader that cannot open its own takes a reader slot.
// docs/protocol.md section 8. Pure; any thread.
namespace wardline::message {

constexpr std::size_t kStaffLiveSlotsMax = 32;
constexpr std::size_t kPatientLiveSlotsMax = 5;
constexpr std::size_t kLiveSlotsMax = kStaffLiveSlotsMax + kPatientLiveSlotsMax;
constexpr std::size_t kLiveSlotBytesMax = 512;

// The kinds of Signal messages as numbers of our own: libraries number theirs differently.
enum class LiveKind : std::uint8_t {
    message = 1,  // In a session that both sides know.
    first = 2,    // Begins a session (X3DH).
};

struct LiveSlot {
    DeviceId device;
    LiveKind kind{LiveKind::message};
    Bytes bytes;  // 1 to kLiveSlotBytesMax.

    bool operator==(const LiveSlot&) const = default;
};

// The array `live` of a `send`. `bad_frame` for a malformed item or a device named twice,
// `too_large` over a limit.
Result<std::vector<LiveSlot>> parse_live_slots(const cbor::Json& array);
cbor::Json to_json(std::span<const LiveSlot> slots);

// The pair [kind, bytes] that one device is handed with an entry. It names no device; the caller
// knows its own.
Result<LiveSlot> parse_live_pair(const cbor::Json& pair, const DeviceId& device);
cbor::Json live_pair(const LiveSlot& slot);

// What a live slot carries: 18 bytes that bind it to a header, then the message key.
constexpr std::size_t kLivePlaintextBytes = 50;
SecretBytes live_plaintext(const MessageKey& key, const Hash& header_hash);
// `undecryptable` when it is of another length or belongs to another header.
Result<MessageKey> open_live_plaintext(BytesView plaintext, const Hash& header_hash);

}  // namespace wardline::message
