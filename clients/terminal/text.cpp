#include "clients/terminal/text.hpp"

#include "clients/terminal/width.hpp"

#include <algorithm>

namespace wardline::terminal {

namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view code_of(Style style) noexcept {
    switch (style) {
        case Style::plain:
            return {};
        case Style::bold:
            return "\x1b[1m";
        case Style::dim:
            return "\x1b[2m";
        case Style::name:
            return "\x1b[36m";
        case Style::good:
            return "\x1b[32m";
        case Style::warning:
            return "\x1b[33m";
        case Style::bad:
            return "\x1b[1;31m";
    }
    return {};
}

constexpr std::string_view kGap = "  ";

}  // namespace

Text& Text::add(std::string_view text, Style style) {
    if (!text.empty()) spans_.push_back({style, std::string{text}});
    return *this;
}

Text& Text::append(const Text& more) {
    spans_.insert(spans_.end(), more.spans_.begin(), more.spans_.end());
    return *this;
}

std::string Text::plain(Lines lines) const {
    std::string out;
    for (const auto& span : spans_) out += visible(span.text, lines);
    return out;
}

std::string Text::rendered(bool colour, Lines lines) const {
    if (!colour) return plain(lines);
    std::string out;
    for (const auto& span : spans_) {
        const auto code = code_of(span.style);
        out += code;
        out += visible(span.text, lines);
        if (!code.empty()) out += kReset;
    }
    return out;
}

void Table::add(std::vector<Text> cells) {
    cells.resize(headings_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::rendered(bool colour) const {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < headings_.size(); ++column) {
        auto width = display_width(headings_[column]);
        for (const auto& row : rows_) {
            width = std::max(width, display_width(row[column].plain(Lines::join)));
        }
        widths.push_back(width);
    }
    std::string out;
    const auto append_row = [&](const std::vector<Text>& row) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            out += row[column].rendered(colour, Lines::join);
            if (column + 1 == row.size()) break;
            const auto used = display_width(row[column].plain(Lines::join));
            out += std::string(widths[column] - used, ' ');
            out += kGap;
        }
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    };
    std::vector<Text> headings;
    headings.reserve(headings_.size());
    for (const auto& heading : headings_) headings.emplace_back(heading, Style::bold);
    append_row(headings);
    for (const auto& row : rows_) append_row(row);
    return out;
}

}  // namespace wardline::terminal
