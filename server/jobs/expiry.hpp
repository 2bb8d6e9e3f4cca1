#pragma once

#include "retention/decide.hpp"
#include "retention/policy.hpp"
#include "server/services.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// The expiry engine: finds the units whose time is over, condemns them by an entry each batch, and
// carries what is condemned to its end. May be stopped anywhere and run again.
namespace wardline::server {

struct ExpiryDone {
    std::uint64_t units{0};
    std::uint64_t messages{0};
    Seq seq{0};  // Of the last entry; 0 when nothing was due.
};

// `forbidden`, which is filed, unless the device's account has `set-policy`.
Result<void> may_run_retention(Services& services, const DeviceId& device, std::string_view act);

// What genesis says of each class.
Result<retention::Policy> policy_of(const ClinicRecord& record);
std::vector<storage::DueRule> due_rules(const retention::Policy& policy, Instant now);

// `asked_by`: nothing for the daily run.
storage::Task<ExpiryDone> run_expiry(Services& services, std::optional<DeviceId> asked_by);

}  // namespace wardline::server
