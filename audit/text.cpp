#include "audit/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace wardline::audit {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::uint64_t kDayMs = 86'400'000;

void append_padded(std::string& out, std::uint64_t number, unsigned width) {
    std::array<char, 20> digits{};
    for (unsigned i = width; i-- > 0; number /= 10) {
        digits[i] = static_cast<char>('0' + number % 10);
    }
    out.append(digits.data(), width);
}

// `width` decimal digits at `at`; nothing for any other character.
std::optional<unsigned> digits_at(std::string_view text, std::size_t at, unsigned width) noexcept {
    unsigned value = 0;
    for (const char c : text.substr(at, width)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

int lower_hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    return -1;
}

}  // namespace

void append_time(std::string& out, Instant time) {
    const auto ms = std::min(time, kLastWritableTime).ms;
    const std::chrono::sys_days day{std::chrono::days{static_cast<std::int64_t>(ms / kDayMs)}};
    const std::chrono::year_month_day date{day};
    const auto in_day = ms % kDayMs;
    append_padded(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    out.push_back('-');
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out.push_back('-');
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out.push_back('T');
    append_padded(out, in_day / 3'600'000, 2);
    out.push_back(':');
    append_padded(out, in_day / 60'000 % 60, 2);
    out.push_back(':');
    append_padded(out, in_day / 1'000 % 60, 2);
    out.push_back('.');
    append_padded(out, in_day % 1'000, 3);
    out.push_back('Z');
}

std::optional<Instant> parse_time(std::string_view text) noexcept {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (text.size() != kForm.size()) return std::nullopt;
    for (std::size_t i = 0; i < kForm.size(); ++i) {
        if (kForm[i] != 'd' && text[i] != kForm[i]) return std::nullopt;
    }
    const auto year = digits_at(text, 0, 4);
    const auto month = digits_at(text, 5, 2);
    const auto day = digits_at(text, 8, 2);
    const auto hour = digits_at(text, 11, 2);
    const auto minute = digits_at(text, 14, 2);
    const auto second = digits_at(text, 17, 2);
    const auto millis = digits_at(text, 20, 3);
    if (!year || !month || !day || !hour || !minute || !second || !millis) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(*year)},
        std::chrono::month{*month},
        std::chrono::day{*day}
    };
    if (*year < 1970 || !date.ok() || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::uint64_t seconds = *hour * 3'600ULL + *minute * 60ULL + *second;
    return Instant{static_cast<std::uint64_t>(days) * kDayMs + seconds * 1'000 + *millis};
}

void append_hex(std::string& out, BytesView bytes) {
    auto at = out.size();
    out.resize(at + bytes.size() * 2);
    for (const auto byte : bytes) {
        out[at++] = kDigits[byte >> 4];
        out[at++] = kDigits[byte & 15];
    }
}

bool parse_lower_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept {
    if (digits.size() != out.size() * 2) return false;
    int bad = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = lower_hex_value(digits[2 * i]);
        const int low = lower_hex_value(digits[2 * i + 1]);
        bad |= high | low;  // Negative if either is.
        out[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return bad >= 0;
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    out.append(digits.begin(), end);
}

std::string visible(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_control(c)) {
            out += "\xef\xbf\xbd";
        } else {
            out.push_back(c);
        }
    }
    return out;
}

void append_json(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_control(c)) {
            out += "\\u00";
            out.push_back(kDigits[byte >> 4]);
            out.push_back(kDigits[byte & 15]);
            continue;
        }
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

}  // namespace wardline::audit
