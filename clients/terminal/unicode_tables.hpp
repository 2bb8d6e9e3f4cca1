#pragma once

// What Unicode 14 says of a code point, as far as a terminal needs it. Pure; any thread.
namespace wardline::terminal {

// East Asian wide and full-width, which includes the emoji that are pictures by default: two
// columns.
bool is_wide(char32_t code_point) noexcept;
// Non-spacing and enclosing marks, and the later parts of a Hangul syllable: no column of their
// own.
bool is_combining(char32_t code_point) noexcept;

}  // namespace wardline::terminal
