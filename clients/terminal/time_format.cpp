#include "clients/terminal/time_format.hpp"

#include <chrono>
#include <stdexcept>

namespace wardline::terminal {

namespace {

using Milliseconds = std::chrono::milliseconds;
using SystemTime = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

// Years past 9999 have no four-digit form; no clock of a person is there.
constexpr std::uint64_t kLatestMs = 253'402'300'799'999;

SystemTime system_time(Instant time) {
    return SystemTime{Milliseconds{static_cast<std::int64_t>(std::min(time.ms, kLatestMs))}};
}

const date::time_zone* machine_zone() {
    try {
        return date::current_zone();
    } catch (const std::runtime_error&) {
        return nullptr;
    }
}

const date::time_zone* find_zone(std::string name) {
    if (name.starts_with(':')) name.erase(0, 1);
    if (name.empty()) return machine_zone();
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        // A POSIX rule such as CET-1CEST, or a name that this machine does not have: its own zone
        // is nearer than UTC.
        return machine_zone();
    }
}

}  // namespace

std::string rfc3339(Instant time) {
    return date::format("%FT%TZ", system_time(time));
}

TimeFormat::TimeFormat(const std::string& zone_name) : zone_{find_zone(zone_name)} {}

std::string TimeFormat::format(const char* pattern, Instant time) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(system_time(time));
    if (zone_ == nullptr) return date::format(pattern, seconds);
    return date::format(pattern, zone_->to_local(seconds));
}

std::string TimeFormat::minute(Instant time) const {
    return format("%F %H:%M", time);
}
std::string TimeFormat::clock(Instant time) const {
    return format("%H:%M", time);
}
std::string TimeFormat::day(Instant time) const {
    return format("%F", time);
}
std::string TimeFormat::day_long(Instant time) const {
    return format("%A, %e %B %Y", time);
}

}  // namespace wardline::terminal
