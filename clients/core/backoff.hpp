#pragma once

#include "clients/core/types.hpp"
#include "protocol/crypto/crypto.hpp"

#include <cstdint>
#include <optional>

namespace wardline::client {

// When to try again after connections that failed: full jitter, uniformly from 0 to min(8 s, 2^n
// s), so that the devices of a clinic do not come back all at once; after twelve failures from 0 to
// a minute. Never earlier than the server asked for.
class Backoff {
public:
    explicit Backoff(crypto::Random& random) : random_{random} {}

    // The wait before the next attempt; each call counts as one failure more.
    Milliseconds next(std::optional<Milliseconds> retry_after = std::nullopt);
    void succeeded() { failures_ = 0; }

    // The bound of the wait after `failures` failures in a row.
    static Milliseconds bound(std::uint32_t failures);

private:
    crypto::Random& random_;
    std::uint32_t failures_{0};
};

}  // namespace wardline::client
