#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/readers.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

// The message key, sealed for each reader of a message and for the vault. Boxes are deterministic,
// so whoever has the key recomputes all of them. docs/protocol.md section 8. Pure; any thread.
namespace wardline::message {

constexpr std::size_t kSlotsMax =
    1'040;  // Every device of a clinic, eight teams, a patient and the vault.

struct Slot {
    std::string to;             // "team:NAME", "patient", "device:" + 32 hex digits, or "vault".
    std::optional<Hash> epoch;  // Hash of the epoch statement, for a team or the patient.
    crypto::Box box;

    bool operator==(const Slot&) const = default;
};

Bytes encode_slots(std::span<const Slot> slots);
// `bad_frame` or `too_large`. Checks the form only, not that the readers are the right ones.
Result<std::vector<Slot>> parse_slots(BytesView bytes);

cbor::Json to_json(const Slot& slot);
Result<Slot> parse_slot(const cbor::Json& item);

// One slot per expected reader, in that order. `bad_frame` if a reader's key is of low order.
Result<std::vector<Slot>> make_slots(
    const MessageKey& key, const Hash& header_hash, std::span<const trust::ExpectedSlot> readers
);
Result<Slot> make_slot(
    const MessageKey& key, const Hash& header_hash, const trust::ExpectedSlot& reader
);

// Whether the slots are for exactly these readers in this order. What the server can check, who
// cannot open any.
bool name_exactly(
    std::span<const Slot> slots, std::span<const trust::ExpectedSlot> readers
) noexcept;
// Whether the slots are exactly those that make_slots() makes.
bool are_exactly(
    std::span<const Slot> slots,
    const MessageKey& key,
    const Hash& header_hash,
    std::span<const trust::ExpectedSlot> readers
);

// The message key in a slot. `undecryptable` if the slot is not for this key pair and this header.
Result<MessageKey> open_slot(const Slot& slot, const Hash& header_hash, const BoxSecret& reader);

// A slot that was added to a message later, for a reader of a newer epoch.
struct AddedSlot {
    Seq seq{0};  // Of the message.
    Slot slot;

    bool operator==(const AddedSlot&) const = default;
};
constexpr std::size_t kAddedSlotsMax = 200;

// The payload of an entry of kind added-slots.
Bytes encode_added_slots(std::span<const AddedSlot> added);
Result<std::vector<AddedSlot>> decode_added_slots(BytesView bytes);
// The same as an item of a frame (request `add-slots`).
cbor::Json to_json(std::span<const AddedSlot> added);
Result<std::vector<AddedSlot>> parse_added_slots(const cbor::Json& array);

}  // namespace wardline::message
