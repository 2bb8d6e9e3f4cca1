#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/crypto/crypto.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace wardline::client {

class Connector;

// Wall time for records, steady time for deadlines, and waiting. Real, or a test's.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() = 0;
    virtual std::chrono::steady_clock::time_point steady() = 0;
};
Clock& system_clock();

// What the outside world is for a client. The references outlive every client made with it.
struct Environment {
    Clock& clock;
    crypto::Random& random;
    Connector& connector;
};
// The real one: the system's clock and randomness, TLS connections.
Environment system_environment();

}  // namespace wardline::client
