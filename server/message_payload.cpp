#include "server/message_payload.hpp"

#include "server/cbor_writer.hpp"

#include <algorithm>

namespace wardline::server {
namespace {

constexpr std::size_t kLengthBytes = 4;

// The length of the byte string at `bytes`, and where it begins. Only what CborWriter writes.
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
    std::size_t size = kLengthBytes + message.size() + 3;
    for (const auto& slot : live) size += slot.bytes.size() + DeviceId::kSize + 6;
    CborWriter out{size};
    const auto length = static_cast<std::uint32_t>(message.size());
    const std::array<std::uint8_t, kLengthBytes> prefix{
        static_cast<std::uint8_t>(length >> 24),
        static_cast<std::uint8_t>(length >> 16),
        static_cast<std::uint8_t>(length >> 8),
        static_cast<std::uint8_t>(length)
    };
    out.raw(prefix).raw(message).array(live.size());
    for (const auto& slot : live) {
        out.array(3).bytes(slot.device.view());
        out.uint(static_cast<std::uint64_t>(slot.kind)).bytes(slot.bytes);
    }
    return out.take();
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
