#include "clients/terminal/moment.hpp"

#include <array>
#include <date/date.h>
#include <sstream>
#include <string>

namespace wardline::terminal {
namespace {

using Moment = date::sys_time<std::chrono::milliseconds>;

// Nothing unless the format takes the whole text.
std::optional<Moment> read(const std::string& text, const char* format) {
    std::istringstream in{text};
    Moment moment;
    in >> date::parse(format, moment);
    if (in.fail() || in.peek() != std::char_traits<char>::eof()) return std::nullopt;
    return moment;
}

}  // namespace

Result<Instant> parse_moment(std::string_view text) {
    std::string plain{text};
    if (plain.ends_with('Z')) plain.pop_back();
    for (const char* format : {"%FT%T", "%FT%H:%M", "%F"}) {
        const auto moment = read(plain, format);
        if (!moment) continue;
        const auto ms = moment->time_since_epoch().count();
        if (ms < 0) break;
        return Instant{static_cast<std::uint64_t>(ms)};
    }
    return Error{
        Code::usage,
        "\"" + std::string{text} + "\" is no time: write 2026-11-21 or 2026-11-21T22:34Z (UTC)"
    };
}

}  // namespace wardline::terminal
