#include "server/presence.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server {

void Presence::seen(const DeviceId& device, Instant at) {
    auto& last = seen_[device];
    if (at <= last) return;
    last = at;
    ++version_;
}

Instant Presence::last_seen(const DeviceId& device) const {
    const auto found = seen_.find(device);
    return found == seen_.end() ? Instant{} : found->second;
}

Presence::OnDuty Presence::on_duty(const std::vector<DeviceId>& candidates, Instant now) const {
    const auto window = static_cast<std::uint64_t>(kOnDutyFor.count());
    std::vector<std::pair<Instant, DeviceId>> recent;
    for (const auto& device : candidates) {
        const auto at = last_seen(device);
        if (at.ms != 0 && at.ms + window > now.ms) recent.emplace_back(at, device);
    }
    if (recent.size() > kOnDutyMax) {
        // The 32 seen last; of two seen at once the smaller id first.
        const auto later = [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first > b.first : a.second < b.second;
        };
        std::ranges::nth_element(
            recent, recent.begin() + static_cast<std::ptrdiff_t>(kOnDutyMax), later
        );
        recent.resize(kOnDutyMax);
    }
    OnDuty out{{}, Instant{UINT64_MAX}};
    for (const auto& [at, device] : recent) {
        out.devices.push_back(device);
        out.until = std::min(out.until, Instant{at.ms + window});
    }
    std::ranges::sort(out.devices);
    return out;
}

}  // namespace wardline::server
