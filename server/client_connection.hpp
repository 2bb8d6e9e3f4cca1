#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/error.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/trust/login.hpp"
#include "server/connection.hpp"
#include "server/reading.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// One WebSocket as the decisions know it: who is behind it, what is open on it, what is asked and
// not yet answered. Shared by the session, its requests and the router; one thread.
namespace wardline::server {

struct LoggedIn {
    DeviceId device;
    Account account;
    std::string account_text;
    Seq since{0};  // Of the login entry: the push stream begins behind it.
};

class ClientConnection {
public:
    ClientConnection(std::shared_ptr<Peer> peer, const trust::LoginNonce& nonce)
        : peer_{std::move(peer)}, nonce_{nonce} {}

    Peer& peer() noexcept { return *peer_; }
    const trust::LoginNonce& nonce() const noexcept { return nonce_; }

    const std::optional<LoggedIn>& login() const noexcept { return login_; }
    // From here on pushes wait for release(): the answer to the login goes out before them.
    void logged_in(LoggedIn who);
    void release(Bytes first);
    // Between the request to log in and its answer.
    bool login_pending{false};
    DeviceId claimed;

    // False once the connection is to be closed, by either side.
    bool alive() const noexcept { return alive_; }
    bool push(Bytes frame);
    // Tells the client why, then closes.
    void bye(Code code, CloseCode close);
    // A newer connection of the same device has taken its place.
    void replaced();
    void close(CloseCode code, std::string_view reason);
    void ended() noexcept;
    bool was_replaced() const noexcept { return replaced_; }

    // Waits for a turn to build a large answer, of which a few at a time are made: requests that
    // are under way together would each find the queue empty and overfill it together.
    net::awaitable<void> begin_large();
    void end_large() noexcept;

    // Threads that a staff device has opened, with the seq of the entry that says so.
    std::map<ThreadId, Seq> open;
    // What it reads of the trail, once the entry that says so is committed.
    std::optional<Reading> reading;
    unsigned in_flight{0};
    std::optional<std::uint64_t> last_request;

private:
    void bye(std::string_view code, CloseCode close);

    std::shared_ptr<Peer> peer_;
    trust::LoginNonce nonce_;
    std::optional<LoggedIn> login_;
    bool alive_{true};
    bool replaced_{false};
    bool holding_{false};
    std::vector<Bytes> held_;
    unsigned large_{0};                          // Answers that are being made.
    std::vector<net::steady_timer*> waiting_{};  // For their turn, in order.
};

}  // namespace wardline::server
