#pragma once

#include "clients/terminal/visible.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Text with styles. Styles are the only way to colour, and rendering makes every span's text
// visible first, so nothing that others wrote can reach the terminal as a command, whichever
// program part shows it. Pure; any thread.
namespace wardline::terminal {

enum class Style : std::uint8_t { plain, bold, dim, name, good, warning, bad };

class Text {
public:
    Text() = default;
    // Plain text is a Text wherever one is wanted.
    // NOLINTBEGIN(google-explicit-constructor)
    Text(std::string_view text, Style style = Style::plain) { add(text, style); }
    Text(const char* text) : Text{std::string_view{text}} {}
    Text(const std::string& text) : Text{std::string_view{text}} {}
    // NOLINTEND(google-explicit-constructor)

    Text& add(std::string_view text, Style style = Style::plain);
    Text& append(const Text& more);
    bool empty() const noexcept { return spans_.empty(); }
    // Without styles; hostile characters as signs.
    std::string plain(Lines lines) const;
    std::string rendered(bool colour, Lines lines) const;

private:
    struct Span {
        Style style;
        std::string text;
    };
    std::vector<Span> spans_;
};

// Columns, each as wide as its widest cell; the last one is not padded.
class Table {
public:
    explicit Table(std::vector<std::string> headings) : headings_{std::move(headings)} {}

    // As many cells as there are headings; missing ones are empty, further ones are dropped.
    void add(std::vector<Text> cells);
    bool empty() const noexcept { return rows_.empty(); }
    std::string rendered(bool colour) const;

private:
    std::vector<std::string> headings_;
    std::vector<std::vector<Text>> rows_;
};

}  // namespace wardline::terminal
