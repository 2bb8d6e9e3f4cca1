#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How ids, times and texts are written in exports. Pure; any thread.
namespace wardline::audit {

// 9999-12-31T23:59:59.999Z, the last that can be written; a later one is written as this.
constexpr Instant kLastWritableTime{253'402'300'799'999};

// RFC 3339, UTC, milliseconds: 2026-11-21T22:34:13.007Z.
void append_time(std::string& out, Instant time);
// Exactly that form, and a time that there is.
std::optional<Instant> parse_time(std::string_view text) noexcept;

void append_hex(std::string& out, BytesView bytes);
// Exactly twice as many lower-case hexadecimal digits as `out` has bytes.
bool parse_lower_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept;
template <class Fixed>
std::optional<Fixed> parse_lower_hex(std::string_view digits) noexcept {
    std::array<std::uint8_t, Fixed::kSize> raw{};
    if (!parse_lower_hex(digits, raw)) return std::nullopt;
    return Fixed{raw};
}

void append_number(std::string& out, std::uint64_t number);

// The text with U+FFFD in place of each control character.
std::string visible(std::string_view text);

// A JSON string, quotes included. The text is UTF-8 already.
void append_json(std::string& out, std::string_view text);

}  // namespace wardline::audit
