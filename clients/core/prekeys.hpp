#pragma once

#include "clients/core/device_identity.hpp"
#include "clients/core/link.hpp"
#include "clients/core/signal_store.hpp"

namespace wardline::client {

constexpr std::uint64_t kOneTimePrekeysLow = 50;
constexpr std::uint32_t kOneTimePrekeysFill = 100;

// Uploads what the server lacks: a signed prekey where it has none or ours is a week old, one-time
// prekeys where few are left. Private halves are on the disk before the public ones go out.
Result<void> refill_prekeys(
    Link& link,
    SignalStore& store,
    const DeviceIdentity& self,
    Instant now,
    std::uint64_t signed_prekey,
    std::uint64_t one_time
);

}  // namespace wardline::client
