#include "clients/terminal/utf8.hpp"

#include <cstdint>

namespace wardline::terminal {

namespace {

struct Form {
    std::size_t length;
    std::uint32_t lead_bits;
    char32_t least;
};

// By the first byte; length 0 where no code point starts with it.
Form form_of(std::uint8_t lead) noexcept {
    if (lead < 0x80) return {1, lead, 0};
    if ((lead & 0xe0) == 0xc0) return {2, lead & 0x1fU, 0x80};
    if ((lead & 0xf0) == 0xe0) return {3, lead & 0x0fU, 0x800};
    if ((lead & 0xf8) == 0xf0) return {4, lead & 0x07U, 0x1'0000};
    return {0, 0, 0};
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
    constexpr CodePoint invalid{kInvalidByte, 1};
    const auto form = form_of(static_cast<std::uint8_t>(text.front()));
    if (form.length == 0 || text.size() < form.length) return invalid;
    std::uint32_t value = form.lead_bits;
    for (std::size_t i = 1; i < form.length; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        if ((byte & 0xc0) != 0x80) return invalid;
        value = (value << 6) | (byte & 0x3fU);
    }
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < form.least || value > 0x10'ffff || surrogate) return invalid;
    return {static_cast<char32_t>(value), form.length};
}

bool is_valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto next = first_code_point(text);
        if (next.value == kInvalidByte) return false;
        text.remove_prefix(next.length);
    }
    return true;
}

void append_utf8(std::string& out, char32_t code_point) {
    const auto value = static_cast<std::uint32_t>(code_point);
    const auto tail = [&](unsigned shift) {
        out.push_back(static_cast<char>(0x80U | ((value >> shift) & 0x3fU)));
    };
    if (value < 0x80) {
        out.push_back(static_cast<char>(value));
    } else if (value < 0x800) {
        out.push_back(static_cast<char>(0xc0U | (value >> 6)));
        tail(0);
    } else if (value < 0x1'0000) {
        out.push_back(static_cast<char>(0xe0U | (value >> 12)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xf0U | (value >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace wardline::terminal
