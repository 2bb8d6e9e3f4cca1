#include "protocol/base/encoding.hpp"

#include "protocol/base/ids.hpp"

namespace wardline {
namespace {

int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

int base64url_value(char digit) noexcept {
    if (digit >= 'A' && digit <= 'Z') return digit - 'A';
    if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9') return digit - '0' + 52;
    if (digit == '-') return 62;
    if (digit == '_') return 63;
    return -1;
}

// How many bytes a sequence has that begins with `lead`, and the range of its second byte, which
// is what rules out overlong forms, surrogates and code points above 10FFFF. 0: no sequence.
struct Utf8Lead {
    std::size_t bytes;
    std::uint8_t second_min;
    std::uint8_t second_max;
};

constexpr Utf8Lead utf8_lead(std::uint8_t lead) noexcept {
    if (lead >= 0xc2 && lead <= 0xdf) return {2, 0x80, 0xbf};
    if (lead == 0xe0) return {3, 0xa0, 0xbf};
    if (lead == 0xed) return {3, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef) return {3, 0x80, 0xbf};
    if (lead == 0xf0) return {4, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3) return {4, 0x80, 0xbf};
    if (lead == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

}  // namespace

namespace detail {

Result<void> parse_hex(std::string_view digits, std::span<std::uint8_t> out) {
    if (digits.size() != out.size() * 2) {
        return Error{Code::bad_frame, "not the expected number of hexadecimal digits"};
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = hex_value(digits[2 * i]);
        const int low = hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) return Error{Code::bad_frame, "not hexadecimal digits"};
        out[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return success();
}

}  // namespace detail

Result<Bytes> from_hex(std::string_view digits) {
    Bytes out(digits.size() / 2);
    WARDLINE_TRY(detail::parse_hex(digits, out));
    return out;
}

Result<Bytes> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return Error{Code::bad_frame, "not base64url"};
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t pending = 0;
    int pending_bits = 0;
    for (const char digit : text) {
        const int value = base64url_value(digit);
        if (value < 0) return Error{Code::bad_frame, "not base64url"};
        pending = (pending << 6) | static_cast<std::uint32_t>(value);
        pending_bits += 6;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            out.push_back(static_cast<std::uint8_t>(pending >> pending_bits));
        }
    }
    if ((pending & ((1U << pending_bits) - 1)) != 0) {
        return Error{Code::bad_frame, "not the canonical form of base64url"};
    }
    return out;
}

bool is_utf8(BytesView bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (bytes[at] < 0x80) {
            ++at;
            continue;
        }
        const auto lead = utf8_lead(bytes[at]);
        if (lead.bytes == 0 || bytes.size() - at < lead.bytes) return false;
        if (bytes[at + 1] < lead.second_min || bytes[at + 1] > lead.second_max) return false;
        for (std::size_t i = 2; i < lead.bytes; ++i) {
            if ((bytes[at + i] & 0xc0) != 0x80) return false;
        }
        at += lead.bytes;
    }
    return true;
}

}  // namespace wardline
