#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// UTF-8, one code point at a time. Pure; any thread.
namespace wardline::terminal {

struct CodePoint {
    char32_t value;      // kInvalidByte where the bytes are no UTF-8.
    std::size_t length;  // Bytes that it takes, at least 1.
};

constexpr char32_t kInvalidByte = 0xffff'ffff;

// The code point at the start of `text`, which must not be empty. Overlong forms, surrogates and
// values past U+10FFFF are no UTF-8: their first byte is answered as kInvalidByte with length 1.
CodePoint first_code_point(std::string_view text) noexcept;
bool is_valid_utf8(std::string_view text) noexcept;
void append_utf8(std::string& out, char32_t code_point);

}  // namespace wardline::terminal
