#pragma once

#include "protocol/base/ids.hpp"

#include <cstdint>
#include <unordered_map>

// How many undecryptable messages a device pays for, per peer. A forged message 2000 ahead of its
// chain costs thousands of key derivations and leaves no trace, so a peer that sends many is not
// listened to for a while; what it sends is read through the reader slots instead. Not for several
// threads: SignalDevice calls it under its lock.
namespace wardline::signal {

class FailureBudget {
public:
    static constexpr std::uint32_t kBurst = 20;
    static constexpr std::uint64_t kRefillMs = 60'000;  // One failure is forgiven in this time.
    static constexpr std::size_t kPeersMax = 4'096;

    bool allows(const DeviceId& peer, Instant now) const;
    void spend(const DeviceId& peer, Instant now);
    std::size_t peers() const noexcept { return peers_.size(); }

private:
    struct Spent {
        std::uint32_t failures{0};
        Instant since;  // When `failures` was right.
    };
    static Spent at(const Spent& before, Instant now) noexcept;

    std::unordered_map<DeviceId, Spent> peers_;
};

}  // namespace wardline::signal
