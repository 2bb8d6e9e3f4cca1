#include "clients/core/environment.hpp"

#include "clients/core/connection.hpp"

namespace wardline::client {
namespace {

class SystemClock final : public Clock {
public:
    Instant now() override {
        const auto since = std::chrono::system_clock::now().time_since_epoch();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
        return Instant{static_cast<std::uint64_t>(ms)};
    }
    std::chrono::steady_clock::time_point steady() override {
        return std::chrono::steady_clock::now();
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

Environment system_environment() {
    return Environment{
        .clock = system_clock(), .random = crypto::system_random(), .connector = tls_connector()
    };
}

}  // namespace wardline::client
