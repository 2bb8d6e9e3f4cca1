#pragma once

#include "clients/core/backoff.hpp"
#include "clients/core/client.hpp"
#include "clients/core/connection.hpp"
#include "clients/core/device_identity.hpp"
#include "clients/core/environment.hpp"
#include "clients/core/store.hpp"
#include "protocol/base/cbor.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace wardline::client {

// What the server said when this device logged in.
struct LoginAnswer {
    Seq seq{0};
    Instant time;
    trust::ChainPosition clinic_head;
    Json head;  // Signed tree head.
    std::uint64_t one_time_prekeys{0};
    std::uint64_t signed_prekey{0};
};

// The one connection of a device, logged in or absent. A request on an absent or broken link is
// `unreachable` and leaves it absent; who owns the session decides when to log in again. One
// thread, except interrupt().
class Link {
public:
    Link(
        const Environment& environment,
        Store& store,
        const DeviceIdentity& self,
        const ClientOptions& options
    )
        : environment_{environment}, store_{store}, self_{self}, options_{options} {}

    bool up() const { return connection_ != nullptr; }
    // The server's clock less this device's, as of the last login; nothing before the first.
    std::optional<Milliseconds> clock_skew() const { return clock_skew_; }
    // Connects and logs in. Counts a generation first, so that an old copy of the store is found
    // out: `store_rolled_back`.
    Result<LoginAnswer> log_in();
    void drop();

    // `t` is set here. The answer's map.
    Result<Json> request(std::string_view type, Json body = Json::object());
    // As Connection::next_push(), and nothing too when interrupt() was called while there was no
    // connection.
    Result<std::optional<Json>> next_push(Milliseconds wait);
    void interrupt();

private:
    Result<std::uint64_t> next_generation();

    const Environment& environment_;
    Store& store_;
    const DeviceIdentity& self_;
    ClientOptions options_;
    std::optional<Milliseconds> clock_skew_;
    std::mutex mutex_;  // Guards the pointer for interrupt().
    std::unique_ptr<Connection> connection_;
};

}  // namespace wardline::client
