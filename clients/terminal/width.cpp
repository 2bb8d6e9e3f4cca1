#include "clients/terminal/width.hpp"

#include "clients/terminal/unicode_tables.hpp"
#include "clients/terminal/utf8.hpp"

#include <algorithm>

namespace wardline::terminal {

namespace {

constexpr std::size_t kWrapColumnsMin = 8;

// Measures code points in order, because what one adds depends on the one before.
class Measure {
public:
    // Columns that `c` adds to what came before it.
    std::size_t add(char32_t c) noexcept {
        const bool joined = last_ == 0x200d && is_wide(c);
        const bool skin_tone = c >= 0x1f3fb && c <= 0x1f3ff && last_ != 0;
        std::size_t columns = is_wide(c) ? 2 : 1;
        if (joined || skin_tone || takes_no_room(c)) columns = 0;
        if (c == 0xfe0f) columns = last_ > 0x2000 && last_columns_ == 1 ? 1 : 0;
        last_ = c;
        last_columns_ = columns;
        return columns;
    }
    // Whether a line may not be broken in front of `c`.
    bool clings(char32_t c) const noexcept {
        return last_ == 0x200d || takes_no_room(c) || c == 0xfe0f ||
               (c >= 0x1f3fb && c <= 0x1f3ff) || (is_flag_half(c) && is_flag_half(last_));
    }

private:
    static bool is_flag_half(char32_t c) noexcept { return c >= 0x1f1e6 && c <= 0x1f1ff; }
    static bool takes_no_room(char32_t c) noexcept {
        return c < 0x20 || is_combining(c) || c == 0x200c || c == 0x200d ||
               (c >= 0xe'0020 && c <= 0xe'007f);
    }

    char32_t last_{0};
    std::size_t last_columns_{0};
};

// Bytes of the longest start of `text` that takes at most `columns`.
std::size_t bytes_that_fit(std::string_view text, std::size_t columns) noexcept {
    Measure measure;
    std::size_t used = 0;
    std::size_t end = 0;
    std::size_t safe = 0;
    while (end < text.size()) {
        const auto next = first_code_point(text.substr(end));
        if (!measure.clings(next.value)) safe = end;
        const auto more = measure.add(next.value);
        if (used + more > columns) return safe;
        used += more;
        end += next.length;
    }
    return text.size();
}

void wrap_paragraph(std::vector<std::string>& lines, std::string_view text, std::size_t columns) {
    while (display_width(text) > columns) {
        auto end = bytes_that_fit(text, columns);
        if (end == 0) end = first_code_point(text).length;
        const bool between_words = text[end] == ' ';
        const auto space = between_words ? end : text.substr(0, end).rfind(' ');
        const bool breakable =
            space != std::string_view::npos && text.find_first_not_of(' ') < space;
        auto line = text.substr(0, breakable ? space : end);
        text.remove_prefix(breakable ? space + 1 : end);
        while (line.ends_with(' ')) line.remove_suffix(1);
        lines.emplace_back(line);
    }
    lines.emplace_back(text);
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
    Measure measure;
    std::size_t columns = 0;
    while (!text.empty()) {
        const auto next = first_code_point(text);
        columns += measure.add(next.value);
        text.remove_prefix(next.length);
    }
    return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string{text};
    if (columns == 0) return {};
    return std::string{text.substr(0, bytes_that_fit(text, columns - 1))} + "\u2026";
}

std::string pad_right(std::string_view text, std::size_t columns) {
    const auto width = display_width(text);
    return std::string{text} + std::string(columns > width ? columns - width : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t columns) {
    const auto width = display_width(text);
    return std::string(columns > width ? columns - width : 0, ' ') + std::string{text};
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
    std::vector<std::string> lines;
    while (true) {
        const auto end = std::min(text.find('\n'), text.size());
        wrap_paragraph(lines, text.substr(0, end), std::max(columns, kWrapColumnsMin));
        if (end == text.size()) return lines;
        text.remove_prefix(end + 1);
    }
}

}  // namespace wardline::terminal
