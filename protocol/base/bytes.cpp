#include "protocol/base/bytes.hpp"

namespace wardline {

std::string to_hex(BytesView bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

std::string to_base64url(BytesView bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t pending = 0;
    int pending_bits = 0;
    for (const auto byte : bytes) {
        pending = (pending << 8) | byte;
        pending_bits += 8;
        while (pending_bits >= 6) {
            pending_bits -= 6;
            out.push_back(kDigits[(pending >> pending_bits) & 63]);
        }
    }
    if (pending_bits > 0) out.push_back(kDigits[(pending << (6 - pending_bits)) & 63]);
    return out;
}

void append_u64(Bytes& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        out.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

void append(Bytes& out, BytesView more) {
    out.insert(out.end(), more.begin(), more.end());
}

Bytes concat(std::initializer_list<BytesView> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    Bytes out;
    out.reserve(size);
    for (const auto part : parts) append(out, part);
    return out;
}

}  // namespace wardline
