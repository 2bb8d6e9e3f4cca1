#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Text from others, made harmless to show. A terminal obeys what it is sent: ESC moves the cursor
// and rewrites what stands above, bidirectional overrides make a sentence read backwards, invisible
// characters make two names look alike. None of these leaves this function; each is replaced by a
// sign such as <U+202E>. Pure; any thread.
namespace wardline::terminal {

enum class Lines : std::uint8_t {
    keep,  // A line feed stays one.
    join,  // A line feed becomes the sign for it: for tables and one-line summaries.
};

// Valid UTF-8 whatever `text` is; bytes that are none become <0xFF>. Tabs become spaces, CR LF
// becomes LF. Joiners and variation selectors stay where writing needs them: within emoji, and in
// Arabic and the scripts of India.
std::string visible(std::string_view text, Lines lines);

// Whether visible() changes something more than tabs and line ends.
bool has_hidden(std::string_view text);

// Whether a code point may reach a terminal only as a sign: controls, directional formatting, what
// shows as nothing.
bool is_hostile(char32_t code_point) noexcept;

}  // namespace wardline::terminal
