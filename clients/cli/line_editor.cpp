#include "clients/cli/line_editor.hpp"

#include "clients/terminal/utf8.hpp"
#include "clients/terminal/visible.hpp"
#include "clients/terminal/width.hpp"

#include <fmt/format.h>

namespace wardline::cli {

namespace {

using terminal::display_width;
using terminal::Lines;
using terminal::visible;

constexpr char32_t kEscape = 0x1b;
constexpr std::size_t kTextBytesMax = 65'536;
constexpr std::size_t kSequenceBytesMax = 16;

constexpr char32_t control(char letter) {
    return static_cast<char32_t>(letter - '@');
}

std::size_t lead_length(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    if (byte >= 0xf0) return 4;
    if (byte >= 0xe0) return 3;
    return byte >= 0xc0 ? 2 : 1;
}

// Length of the key sequence at the start of `bytes`; 0 when more bytes have to come.
std::size_t sequence_length(std::string_view bytes) {
    if (bytes.size() < 2) return 0;
    if (bytes[1] != '[' && bytes[1] != 'O') return 2;
    for (std::size_t i = 2; i < bytes.size(); ++i) {
        if (bytes[i] >= '@' && bytes[i] <= '~') return i + 1;
        if (i >= kSequenceBytesMax) return i + 1;
    }
    return 0;
}

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

LineEditor::Fed LineEditor::feed(std::string_view typed) {
    Fed fed;
    pending_ += typed;
    while (!pending_.empty() && !fed.ended) {
        if (static_cast<char32_t>(pending_.front()) == kEscape) {
            if (sequence_length(pending_) == 0) break;
            take_sequence();
            continue;
        }
        if (pending_.size() < lead_length(pending_.front())) break;
        const auto next = terminal::first_code_point(pending_);
        pending_.erase(0, next.length);
        if (next.value != terminal::kInvalidByte) take_key(next.value, fed);
    }
    return fed;
}

void LineEditor::take_sequence() {
    const auto sequence = pending_.substr(0, sequence_length(pending_));
    pending_.erase(0, sequence.size());
    if (sequence == "\x1b[200~") pasting_ = true;
    if (sequence == "\x1b[201~") pasting_ = false;
    if (sequence == "\x1b[D" || sequence == "\x1bOD") left();
    if (sequence == "\x1b[C" || sequence == "\x1bOC") right();
    if (sequence == "\x1b[H" || sequence == "\x1bOH" || sequence == "\x1b[1~") cursor_ = 0;
    if (sequence == "\x1b[F" || sequence == "\x1bOF" || sequence == "\x1b[4~")
        cursor_ = text_.size();
    if (sequence == "\x1b[3~" && cursor_ < text_.size()) {
        right();
        erase_back();
    }
    if (sequence == "\x1b\r") insert("\n");  // Alt-Enter.
}

void LineEditor::take_key(char32_t key, Fed& fed) {
    if (pasting_) {
        std::string bytes;
        terminal::append_utf8(bytes, key == control('M') ? control('J') : key);
        insert(bytes);
    } else if (key == control('M') || key == control('J')) {
        fed.lines.push_back(std::move(text_));
        text_.clear();
        cursor_ = 0;
    } else if (key == control('D')) {
        fed.ended = text_.empty();
    } else if (key == control('H') || key == 0x7f) {
        erase_back();
    } else if (key == control('U')) {
        text_.erase(0, cursor_);
        cursor_ = 0;
    } else if (key == control('W')) {
        erase_word();
    } else if (key == control('A')) {
        cursor_ = 0;
    } else if (key == control('E')) {
        cursor_ = text_.size();
    } else if (key >= 0x20 || key == control('I')) {
        std::string bytes;
        terminal::append_utf8(bytes, key);
        insert(bytes);
    }
}

void LineEditor::insert(std::string_view text) {
    if (text_.size() + text.size() > kTextBytesMax) return;
    text_.insert(cursor_, text);
    cursor_ += text.size();
}

void LineEditor::left() {
    while (cursor_ > 0) {
        --cursor_;
        if (!is_continuation(text_[cursor_])) return;
    }
}

void LineEditor::right() {
    if (cursor_ == text_.size()) return;
    ++cursor_;
    while (cursor_ < text_.size() && is_continuation(text_[cursor_])) ++cursor_;
}

void LineEditor::erase_back() {
    const auto end = cursor_;
    left();
    text_.erase(cursor_, end - cursor_);
}

void LineEditor::erase_word() {
    const auto end = cursor_;
    while (cursor_ > 0 && text_[cursor_ - 1] == ' ') --cursor_;
    while (cursor_ > 0 && text_[cursor_ - 1] != ' ') --cursor_;
    text_.erase(cursor_, end - cursor_);
}

std::string LineEditor::drawn(std::size_t columns) const {
    const auto room =
        columns > display_width(prompt_) + 2 ? columns - display_width(prompt_) - 1 : 1;
    // Of a line that is too long, the part that ends at the cursor.
    std::string_view before{text_.data(), cursor_};
    auto shown = visible(before, Lines::join);
    while (display_width(shown) > room) {
        before.remove_prefix(terminal::first_code_point(before).length);
        shown = visible(before, Lines::join);
    }
    const auto left_columns = display_width(shown);
    auto after = visible(std::string_view{text_}.substr(cursor_), Lines::join);
    if (display_width(after) > room - left_columns)
        after = terminal::fit(after, room - left_columns);
    auto out = std::string{cleared()} + prompt_ + shown + after;
    if (const auto back = display_width(after); back > 0) out += fmt::format("\x1b[{}D", back);
    return out;
}

}  // namespace wardline::cli
