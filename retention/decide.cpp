#include "retention/decide.hpp"

namespace wardline::retention {

Instant due(const Policy& policy, const UnitFacts& unit) {
    return start_of(unit.day + 1 + policy.keep_days(unit.message_class));
}

Instant kept_until(const Policy& policy, trust::MessageClass message_class, Instant received) {
    return due(policy, UnitFacts{message_class, day_of(received)});
}

Verdict decide(const Policy& policy, const UnitFacts& unit, Instant now) {
    return now >= due(policy, unit) ? Verdict::expire : Verdict::keep;
}

std::vector<DueDays> due_days(const Policy& policy, Instant now) {
    std::vector<DueDays> out;
    for (const auto message_class : trust::kAllClasses) {
        const auto kept = policy.keep_days(message_class) + 1;
        const auto today = day_of(now);
        if (today >= kept) out.push_back({message_class, today - kept});
    }
    return out;
}

}  // namespace wardline::retention
