#include "protocol/message/slots.hpp"

#include <algorithm>
#include <string_view>

namespace wardline::message {

namespace {

using cbor::Json;

constexpr std::string_view kVault = "vault";
constexpr std::string_view kPatient = "patient";
constexpr std::string_view kTeam = "team:";
constexpr std::string_view kDevice = "device:";
constexpr std::size_t kReaderBytesMax = 71;
constexpr std::size_t kSlotsBytesMax = cbor::kItemBytesMax;

Error malformed(const char* what) {
    return Error{Code::bad_frame, what};
}

bool is_device(std::string_view digits) noexcept {
    return digits.size() == 2 * DeviceId::kSize &&
           digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A slot names an epoch where its reader's key changes with epochs, and only there.
bool is_reader(std::string_view to, bool with_epoch) noexcept {
    if (to == kPatient) return with_epoch;
    if (to.starts_with(kTeam)) return with_epoch && is_name(to.substr(kTeam.size()));
    if (to == kVault) return !with_epoch;
    return to.starts_with(kDevice) && !with_epoch && is_device(to.substr(kDevice.size()));
}

crypto::BoxContext context_of(std::string_view to, const Hash& header_hash) {
    const auto domain = to == kVault ? "wardline/1 vault slot" : "wardline/1 reader slot";
    return {domain, header_hash.bytes()};
}

// Unknown keys are refused: slots are signed, and nothing may travel in them unseen.
Result<void> finish(const cbor::MapReader& reader) {
    if (!reader.finish()) return malformed("a slot with an unknown key");
    return success();
}

Result<AddedSlot> parse_added(const Json& item) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(item));
    AddedSlot added;
    WARDLINE_TRY(added.seq, reader.uint("seq"));
    if (added.seq == 0) return malformed("an added slot for no message");
    WARDLINE_TRY(const auto* slot, reader.map("slot"));
    WARDLINE_TRY(added.slot, parse_slot(*slot));
    WARDLINE_TRY(finish(reader));
    return added;
}

}  // namespace

Json to_json(const Slot& slot) {
    Json map{{"to", slot.to}, {"box", cbor::binary(slot.box.view())}};
    if (slot.epoch) map["epoch"] = cbor::binary(slot.epoch->view());
    return map;
}

Result<Slot> parse_slot(const Json& item) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(item));
    Slot slot;
    WARDLINE_TRY(slot.to, reader.text("to", kReaderBytesMax));
    if (reader.has("epoch")) {
        WARDLINE_TRY(slot.epoch, reader.fixed<Hash>("epoch"));
    }
    WARDLINE_TRY(slot.box, reader.fixed<crypto::Box>("box"));
    WARDLINE_TRY(finish(reader));
    if (!is_reader(slot.to, slot.epoch.has_value())) return malformed("a slot for no reader");
    return slot;
}

Bytes encode_slots(std::span<const Slot> slots) {
    auto array = Json::array();
    for (const auto& slot : slots) array.push_back(to_json(slot));
    return cbor::encode(array);
}

Result<std::vector<Slot>> parse_slots(BytesView bytes) {
    WARDLINE_TRY(const auto array, cbor::decode(bytes, kSlotsBytesMax));
    if (!array.is_array()) return malformed("the slots are no array");
    if (array.size() > kSlotsMax) return Error{Code::too_large, "too many slots"};
    std::vector<Slot> slots;
    slots.reserve(array.size());
    for (const auto& item : array) {
        WARDLINE_TRY(auto slot, parse_slot(item));
        slots.push_back(std::move(slot));
    }
    return slots;
}

Result<Slot> make_slot(
    const MessageKey& key, const Hash& header_hash, const trust::ExpectedSlot& reader
) {
    const auto context = context_of(reader.to, header_hash);
    WARDLINE_TRY(const auto box, crypto::seal_box(key.reveal(), reader.key, context));
    return Slot{reader.to, reader.epoch, box};
}

Result<std::vector<Slot>> make_slots(
    const MessageKey& key, const Hash& header_hash, std::span<const trust::ExpectedSlot> readers
) {
    std::vector<Slot> slots;
    slots.reserve(readers.size());
    for (const auto& reader : readers) {
        WARDLINE_TRY(auto slot, make_slot(key, header_hash, reader));
        slots.push_back(std::move(slot));
    }
    return slots;
}

bool name_exactly(
    std::span<const Slot> slots, std::span<const trust::ExpectedSlot> readers
) noexcept {
    return std::ranges::equal(slots, readers, [](const auto& slot, const auto& reader) {
        return slot.to == reader.to && slot.epoch == reader.epoch;
    });
}

bool are_exactly(
    std::span<const Slot> slots,
    const MessageKey& key,
    const Hash& header_hash,
    std::span<const trust::ExpectedSlot> readers
) {
    if (!name_exactly(slots, readers)) return false;
    const auto made = make_slots(key, header_hash, readers);
    return made && std::ranges::equal(slots, made.value());
}

Result<MessageKey> open_slot(const Slot& slot, const Hash& header_hash, const BoxSecret& reader) {
    const auto context = context_of(slot.to, header_hash);
    WARDLINE_TRY(const auto key, crypto::open_box(slot.box, reader, context));
    return MessageKey::from(key.reveal());
}

Json to_json(std::span<const AddedSlot> added) {
    auto array = Json::array();
    for (const auto& item : added) {
        array.push_back({{"seq", item.seq}, {"slot", to_json(item.slot)}});
    }
    return array;
}

Result<std::vector<AddedSlot>> parse_added_slots(const Json& array) {
    if (!array.is_array()) return malformed("the added slots are no array");
    if (array.size() > kAddedSlotsMax) return Error{Code::too_large, "more than 200 added slots"};
    std::vector<AddedSlot> added;
    added.reserve(array.size());
    for (const auto& item : array) {
        WARDLINE_TRY(auto slot, parse_added(item));
        added.push_back(std::move(slot));
    }
    return added;
}

Bytes encode_added_slots(std::span<const AddedSlot> added) {
    return cbor::encode(to_json(added));
}

Result<std::vector<AddedSlot>> decode_added_slots(BytesView bytes) {
    WARDLINE_TRY(const auto array, cbor::decode(bytes, kSlotsBytesMax));
    return parse_added_slots(array);
}

}  // namespace wardline::message
