#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Byte strings, as every part of Wardline passes them. No secrets: those are Secret (secret.hpp).
namespace wardline {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal digits, two a byte.
std::string to_hex(BytesView bytes);
// URL-safe base64 without padding (RFC 4648 section 5).
std::string to_base64url(BytesView bytes);

// Appends `value` as eight bytes, most significant first.
void append_u64(Bytes& out, std::uint64_t value);
void append(Bytes& out, BytesView more);
// All parts in order.
Bytes concat(std::initializer_list<BytesView> parts);

}  // namespace wardline
