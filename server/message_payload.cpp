#include "server/message_payload.hpp"

#include "protocol/base/cbor_writer.hpp"

#include <algorithm>

namespace wardline::server {
namespace {

constexpr std::size_t kLengthBytes = 4;

// The length of the byte string at `bytes`, and where it begins. Only what the writer below writes.
struct ByteString {
    std::size_t head;
    std::size_t size;
};
std::optional<ByteString> byte_string(BytesView bytes) noexcept {
    if (bytes.empty() || bytes[0] >> 5 != 2) return std::nullopt;
    const unsigned info = bytes[0] & 31;
    if (info < 24) return ByteString{1, info};
    if (info == 24 && bytes.size() >= 2) return ByteString{2, bytes[1]};
    if (info == 25 && bytes.size() >= 3) {
        return ByteString{3, (std::size_t{bytes[1]} << 8) | bytes[2]};
    }
    return std::nullopt;
}

}  // namespace

Bytes pack_message_payload(BytesView message, std::span<const message::LiveSlot> live) {
    std::size_t live_bytes = 3;
    for (const auto& slot : live) live_bytes += slot.bytes.size() + DeviceId::kSize + 6;
    cbor::Writer slots{live_bytes};
    slots.array(live.size());
    for (const auto& slot : live) {
        slots.array(3).bytes(slot.device.view());
        slots.uint(static_cast<std::uint64_t>(slot.kind)).bytes(slot.bytes);
    }
    Bytes out;
    out.reserve(kLengthBytes + message.size() + slots.size());
    for (std::size_t shift = 8 * kLengthBytes; shift != 0;) {
        shift -= 8;
        out.push_back(static_cast<std::uint8_t>(message.size() >> shift));
    }
    append(out, message);
    append(out, slots.view());
    return out;
}

std::optional<MessagePayload> MessagePayload::of(BytesView payload) noexcept {
    if (payload.size() < kLengthBytes) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) length = (length << 8) | payload[i];
    const auto rest = payload.subspan(kLengthBytes);
    if (length > rest.size()) return std::nullopt;
    return MessagePayload{rest.first(length), rest.subspan(length)};
}

std::optional<BytesView> MessagePayload::live_of(const DeviceId& device) const noexcept {
    if (live.empty()) return std::nullopt;
    // The array's head: at most 37 items, so one or two bytes.
    auto rest = live.subspan((live[0] & 31) < 24 ? 1 : 2);
    constexpr std::size_t kDeviceHead = 2;  // Array of three, byte string of 16.
    constexpr std::size_t kKindBytes = 1;
    while (rest.size() > kDeviceHead + DeviceId::kSize + kKindBytes) {
        const auto id = rest.subspan(kDeviceHead, DeviceId::kSize);
        const auto pair = rest.subspan(kDeviceHead + DeviceId::kSize);
        const auto sealed = byte_string(pair.subspan(kKindBytes));
        if (!sealed) return std::nullopt;
        const std::size_t size = kKindBytes + sealed->head + sealed->size;
        if (size > pair.size()) return std::nullopt;
        if (std::ranges::equal(id, device.view())) return pair.first(size);
        rest = pair.subspan(size);
    }
    return std::nullopt;
}

}  // namespace wardline::server
