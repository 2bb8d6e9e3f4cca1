#pragma once

#include "protocol/base/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

// When each device was last seen, as far as it decides who is on duty: a login, its end, and once
// an hour in between, so that the answer does not change with every frame. Pure; one thread.
namespace wardline::server {

constexpr std::chrono::milliseconds kOnDutyFor = std::chrono::hours{24};
constexpr std::size_t kOnDutyMax = 32;

class Presence {
public:
    // Only ever forward.
    void seen(const DeviceId& device, Instant at);
    void forget() { seen_.clear(), ++version_; }
    Instant last_seen(const DeviceId& device) const;

    struct OnDuty {
        std::vector<DeviceId> devices;  // Sorted by id.
        Instant until;                  // Nobody leaves by the mere passing of time before this.
    };
    // Of the candidates those seen within 24 hours, the 32 seen last.
    OnDuty on_duty(const std::vector<DeviceId>& candidates, Instant now) const;

    // Changes whenever an answer may have.
    std::uint64_t version() const noexcept { return version_; }

private:
    std::unordered_map<DeviceId, Instant> seen_;
    std::uint64_t version_{0};
};

}  // namespace wardline::server
