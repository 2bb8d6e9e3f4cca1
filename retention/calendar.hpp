#pragma once

#include "protocol/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>

// Days as retention counts them: calendar days in UTC. Pure; any thread.
namespace wardline::retention {

using Day = std::uint32_t;  // Days since 1970-01-01.

constexpr std::uint64_t kDayMs = 24ULL * 60 * 60 * 1000;

// The day that holds this instant; midnight belongs to the day that it begins.
constexpr Day day_of(Instant at) noexcept {
    return static_cast<Day>(at.ms / kDayMs);
}
constexpr Instant start_of(Day day) noexcept {
    return Instant{day * kDayMs};
}

// "2026-02-28"
std::string to_text(Day day);

}  // namespace wardline::retention
