#pragma once

#include <string>
#include <string_view>
#include <vector>

// One line that a person edits in a terminal whose own line editing is off, so that what arrives
// meanwhile can be shown above it. Pure: bytes typed go in, lines and what to draw come out.
//
// Keys: letters, Enter, Backspace, Delete, Left, Right, Home, End, Ctrl-A, Ctrl-E, Ctrl-U, Ctrl-W,
// Ctrl-D on an empty line to end. What is pasted is one text, line ends included (bracketed paste).
namespace wardline::cli {

class LineEditor {
public:
    explicit LineEditor(std::string prompt) : prompt_{std::move(prompt)} {}

    struct Fed {
        std::vector<std::string> lines;  // Finished ones, valid UTF-8.
        bool ended{false};               // Ctrl-D on an empty line.
    };
    Fed feed(std::string_view typed);

    // Bytes that draw prompt and line on the current row of a terminal of that width, cursor in
    // place.
    std::string drawn(std::size_t columns) const;
    // Bytes that clear the row again.
    static std::string_view cleared() noexcept { return "\r\x1b[K"; }
    // For entering and leaving the terminal's bracketed paste.
    static std::string_view paste_on() noexcept { return "\x1b[?2004h"; }
    static std::string_view paste_off() noexcept { return "\x1b[?2004l"; }

    const std::string& text() const noexcept { return text_; }

private:
    void take_sequence();
    void take_key(char32_t key, Fed& fed);
    void insert(std::string_view text);
    void left();
    void right();
    void erase_back();
    void erase_word();

    std::string prompt_;
    std::string text_;
    std::size_t cursor_{0};  // A byte of text_, at the start of a code point.
    std::string pending_;    // Typed bytes that are no whole code point or key yet.
    bool pasting_{false};
};

}  // namespace wardline::cli
