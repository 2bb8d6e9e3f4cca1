#include "clients/terminal/visible.hpp"

#include "clients/terminal/unicode_tables.hpp"
#include "clients/terminal/utf8.hpp"

#include <fmt/format.h>

namespace wardline::terminal {

namespace {

constexpr char32_t kZeroWidthNonJoiner = 0x200c;
constexpr char32_t kZeroWidthJoiner = 0x200d;
constexpr char32_t kBlackFlag = 0x1f3f4;
// More marks than any writing puts on one letter would climb over the lines above.
constexpr int kMarksMax = 6;

constexpr bool between(char32_t value, char32_t first, char32_t last) noexcept {
    return value >= first && value <= last;
}

constexpr bool is_tag(char32_t c) noexcept {
    return between(c, 0xe'0020, 0xe'007f);
}
constexpr bool is_variation_selector(char32_t c) noexcept {
    return between(c, 0xfe00, 0xfe0f);
}
constexpr bool is_joiner(char32_t c) noexcept {
    return c == kZeroWidthJoiner || c == kZeroWidthNonJoiner;
}

constexpr bool is_emoji_part(char32_t c) noexcept {
    return between(c, 0x1f000, 0x1faff) || between(c, 0x2190, 0x2bff) || c == 0xfe0f;
}

// Arabic, Syriac, Mongolian and the scripts of India and its neighbours need joiners for their
// spelling.
constexpr bool is_joining_script(char32_t c) noexcept {
    return between(c, 0x0620, 0x08ff) || between(c, 0x0900, 0x109f) || between(c, 0x1780, 0x18af) ||
           between(c, 0xfb50, 0xfdff) || between(c, 0xfe70, 0xfefc);
}

// What stood before, as far as the next code point's harmlessness depends on it.
struct Before {
    char32_t last{0};
    int marks{0};
    bool in_tags{false};  // Within the tag sequence of a flag.
};

// Invisible parts of writing that are fine in their place only.
bool belongs(char32_t c, const Before& before) noexcept {
    if (is_joiner(c)) {
        const bool emoji = c == kZeroWidthJoiner && is_emoji_part(before.last);
        return emoji || is_joining_script(before.last);
    }
    if (is_variation_selector(c)) {
        return before.last > 0x20 && !is_variation_selector(before.last) && !is_joiner(before.last);
    }
    if (is_tag(c)) return before.last == kBlackFlag || before.in_tags;
    return before.marks < kMarksMax;
}

bool depends_on_place(char32_t c) noexcept {
    return is_joiner(c) || is_variation_selector(c) || is_tag(c) || is_combining(c);
}

void append_sign(std::string& out, char32_t c) {
    out += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(c));
}

}  // namespace

bool is_hostile(char32_t c) noexcept {
    if (c == kInvalidByte) return true;
    if (c < 0x20 || between(c, 0x7f, 0x9f)) return true;  // C0, DEL, C1.
    if (c == 0x00ad || c == 0x034f || c == 0x061c)
        return true;  // Soft hyphen, joiner, letter mark.
    if (c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0) return true;  // Hangul fillers.
    if (between(c, 0x17b4, 0x17b5) || between(c, 0x180b, 0x180f)) return true;
    if (c == 0x200b || between(c, 0x200e, 0x200f)) return true;  // Zero width space, marks.
    if (between(c, 0x2028, 0x202e)) return true;                 // Separators, overrides.
    if (between(c, 0x2060, 0x206f)) return true;                 // Invisible operators, isolates.
    if (c == 0x2800 || c == 0xfeff) return true;                 // Braille blank, byte order mark.
    if (between(c, 0xfff0, 0xfffb)) return true;                 // Annotations.
    if (between(c, 0x1'd173, 0x1'd17a) || between(c, 0x1'bca0, 0x1'bca3)) return true;
    if (between(c, 0xe'0000, 0xe'0fff)) return !is_tag(c);        // Tags, selectors 17 to 256.
    return (c & 0xfffe) == 0xfffe || between(c, 0xfdd0, 0xfdef);  // Noncharacters.
}

std::string visible(std::string_view text, Lines lines) {
    std::string out;
    out.reserve(text.size());
    Before before;
    while (!text.empty()) {
        const auto next = first_code_point(text);
        const auto raw = text.substr(0, next.length);
        text.remove_prefix(next.length);
        const char32_t c = next.value;
        if (c == '\r' && text.starts_with('\n')) continue;
        bool kept = true;
        if (c == '\n') {
            out += lines == Lines::keep ? "\n" : "\u21b5";
        } else if (c == '\t') {
            out += "    ";
        } else if (c == kInvalidByte) {
            out += fmt::format("<0x{:02X}>", static_cast<unsigned char>(raw.front()));
            kept = false;
        } else if (is_hostile(c) || (depends_on_place(c) && !belongs(c, before))) {
            append_sign(out, c);
            kept = false;
        } else {
            out += raw;
        }
        before.in_tags = kept && is_tag(c);
        before.marks = is_combining(c) ? before.marks + 1 : 0;
        before.last = kept ? c : char32_t{0x3e};
    }
    return out;
}

bool has_hidden(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (text[i] == '\t') {
            plain += "    ";
        } else {
            plain += text[i];
        }
    }
    return visible(text, Lines::keep) != plain;
}

}  // namespace wardline::terminal
