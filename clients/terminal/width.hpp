#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// How much room text takes on a terminal, in columns. For text that went through visible(). Pure;
// any thread.
namespace wardline::terminal {

// Wide letters and emoji take two columns, marks none; an emoji joined from several, with a skin
// tone, or a flag, is one.
std::size_t display_width(std::string_view text) noexcept;

// The first part of `text` that fits, with an ellipsis where something is left out.
std::string fit(std::string_view text, std::size_t columns);
// `text` and spaces up to that width.
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);

// Lines of at most `columns` (at least 8 are used), broken between words, inside a word only where
// it is too long for a line. Line feeds in the text stay line ends. Never empty: "" is one empty
// line.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

}  // namespace wardline::terminal
