#include "protocol/signal/failure_budget.hpp"

#include <algorithm>

namespace wardline::signal {

FailureBudget::Spent FailureBudget::at(const Spent& before, Instant now) noexcept {
    // A clock that was set back forgives nothing, and starts to count from there.
    if (now < before.since) return {before.failures, now};
    const std::uint64_t forgiven = (now.ms - before.since.ms) / kRefillMs;
    if (forgiven >= before.failures) return {0, now};
    return {
        before.failures - static_cast<std::uint32_t>(forgiven),
        Instant{before.since.ms + forgiven * kRefillMs}
    };
}

bool FailureBudget::allows(const DeviceId& peer, Instant now) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() || at(found->second, now).failures < kBurst;
}

void FailureBudget::spend(const DeviceId& peer, Instant now) {
    if (peers_.size() >= kPeersMax && !peers_.contains(peer)) {
        std::erase_if(peers_, [&](const auto& entry) {
            return at(entry.second, now).failures == 0;
        });
        // More devices than a clinic can have, all failing: forget everything rather than grow.
        if (peers_.size() >= kPeersMax) peers_.clear();
    }
    auto& spent = peers_.try_emplace(peer, Spent{0, now}).first->second;
    spent = at(spent, now);
    spent.failures = std::min(spent.failures + 1, kBurst);
}

}  // namespace wardline::signal
