#pragma once

#include "protocol/base/ids.hpp"
#include "retention/calendar.hpp"
#include "retention/policy.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

// Whether a retention unit (thread, class, UTC day of server receipt) has come to its end. Pure;
// any thread.
namespace wardline::retention {

struct UnitFacts {
    trust::MessageClass message_class{};
    Day day{0};
    bool operator==(const UnitFacts&) const = default;
};

// The instant at which the unit ends: its last possible message, at the end of its day, has then
// been kept for the full number of days. Half-open: at exactly this instant it is due.
Instant due(const Policy& policy, const UnitFacts& unit);

// Until when a message received at this time is kept: the end of its unit.
Instant kept_until(const Policy& policy, trust::MessageClass message_class, Instant received);

enum class Verdict : std::uint8_t { keep, expire };
Verdict decide(const Policy& policy, const UnitFacts& unit, Instant now);

// For a query: of this class, units of `last_day` and earlier are due. Nothing while no day is.
struct DueDays {
    trust::MessageClass message_class{};
    Day last_day{0};
    bool operator==(const DueDays&) const = default;
};
std::vector<DueDays> due_days(const Policy& policy, Instant now);

}  // namespace wardline::retention
