#include "protocol/message/live_slots.hpp"

#include "protocol/crypto/crypto.hpp"

#include <algorithm>
#include <unordered_set>

namespace wardline::message {

namespace {

using cbor::Json;

constexpr std::size_t kBindingBytes = kLivePlaintextBytes - MessageKey::kSize;

Error malformed(const char* what) {
    return Error{Code::bad_frame, what};
}

Result<LiveKind> parse_kind(const Json& item) {
    // nlohmann/json compares integers of either sign by value.
    if (item.is_number_integer() && item == 1) return LiveKind::message;
    if (item.is_number_integer() && item == 2) return LiveKind::first;
    return malformed("a live slot's kind is neither 1 nor 2");
}

Result<LiveSlot> parse_live(const Json& kind, const Json& bytes, const DeviceId& device) {
    LiveSlot slot;
    slot.device = device;
    WARDLINE_TRY(slot.kind, parse_kind(kind));
    WARDLINE_TRY(slot.bytes, cbor::bytes_of(bytes, kLiveSlotBytesMax));
    if (slot.bytes.empty()) return malformed("a live slot that is empty");
    return slot;
}

// 18 bytes that no other header has.
BytesView binding_of(const Hash& hash) noexcept {
    return hash.view().first(kBindingBytes);
}

Hash bound(const Hash& header_hash) {
    return crypto::hash("wardline/1 live slot", header_hash.view());
}

}  // namespace

Result<std::vector<LiveSlot>> parse_live_slots(const Json& array) {
    if (!array.is_array()) return malformed("the live slots are no array");
    if (array.size() > kLiveSlotsMax) return Error{Code::too_large, "more than 37 live slots"};
    std::vector<LiveSlot> slots;
    slots.reserve(array.size());
    std::unordered_set<DeviceId> named;
    for (const auto& item : array) {
        if (!item.is_array() || item.size() != 3)
            return malformed("a live slot is not three items");
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item[0], DeviceId::kSize));
        WARDLINE_TRY(const auto device, DeviceId::from(raw));
        WARDLINE_TRY(auto slot, parse_live(item[1], item[2], device));
        if (!named.insert(device).second) return malformed("two live slots for one device");
        slots.push_back(std::move(slot));
    }
    return slots;
}

Json to_json(std::span<const LiveSlot> slots) {
    auto array = Json::array();
    for (const auto& slot : slots) {
        array.push_back(Json::array(
            {cbor::binary(slot.device.view()),
             static_cast<std::uint8_t>(slot.kind),
             cbor::binary(slot.bytes)}
        ));
    }
    return array;
}

Result<LiveSlot> parse_live_pair(const Json& pair, const DeviceId& device) {
    if (!pair.is_array() || pair.size() != 2) return malformed("a live slot is not two items");
    return parse_live(pair[0], pair[1], device);
}

Json live_pair(const LiveSlot& slot) {
    return Json::array({static_cast<std::uint8_t>(slot.kind), cbor::binary(slot.bytes)});
}

SecretBytes live_plaintext(const MessageKey& key, const Hash& header_hash) {
    const auto hash = bound(header_hash);
    auto joined = concat({binding_of(hash), key.reveal()});
    SecretBytes plaintext{joined};
    wipe(joined);
    return plaintext;
}

Result<MessageKey> open_live_plaintext(BytesView plaintext, const Hash& header_hash) {
    if (plaintext.size() != kLivePlaintextBytes) {
        return Error{Code::undecryptable, "a live slot carries something else than a message key"};
    }
    const auto hash = bound(header_hash);
    if (!equal_constant_time(plaintext.first(kBindingBytes), binding_of(hash))) {
        return Error{Code::undecryptable, "a live slot belongs to another message"};
    }
    return MessageKey::from(plaintext.subspan(kBindingBytes));
}

}  // namespace wardline::message
