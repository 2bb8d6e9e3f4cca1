#pragma once

#include "server/acts/act.hpp"

#include <optional>

// Units whose time is over: from this entry on their content is hidden from everybody, for good.
namespace wardline::server {

struct ExpiryAct final : ServerAct {
    std::optional<DeviceId> asked_by;  // Nothing: the server's daily run.
    std::uint64_t messages{0};         // In these units, as far as known.

    // At most 1,000 units.
    ExpiryAct(std::optional<DeviceId> device, std::vector<storage::UnitNumber> units)
        : asked_by{device} {
        condemn = std::move(units);
    }
    // `not_found` when none of the units is live any more.
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "retention-run", .device = asked_by}; }
};

}  // namespace wardline::server
