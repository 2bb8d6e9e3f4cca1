#pragma once

#include "server/net/net_services.hpp"
#include "server/net/tls_context.hpp"
#include "server/net/tls_stream.hpp"
#include "server/net/unauthenticated_count.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <unordered_set>

// The server's port: accepts, sheds what is over a limit before TLS costs anything, and serves the
// rest. References outlive the listener; the listener outlives its connections, which stop()
// awaits. One thread.
namespace wardline::server {

class Listener {
public:
    struct Needs {
        const TlsContext& tls;
        SessionFactory& sessions;
        HttpHandler& http;
        const Limits& limits;
        const std::vector<std::string>& allowed_origins;
        Metrics& metrics;
        const Log& log;
    };

    Listener(net::io_context& context, const Needs& needs);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Binds and starts to accept. "[::]" takes IPv4 too. `io` with a sentence when the address
    // cannot be had.
    Result<void> open(const Endpoint& endpoint);
    // What was bound, with the port that the system chose.
    Endpoint endpoint() const;

    // Accepts nobody from now on; connections go on.
    void stop_accepting();
    // Ends all connections: gently at first, at once after `patience`. Returns when none is left.
    net::awaitable<void> stop(std::chrono::milliseconds patience);

private:
    net::awaitable<void> accept_all();
    void admit(net::ip::tcp::socket socket);
    net::awaitable<void> serve(
        TlsStream stream, std::string address, UnauthenticatedCount::Place place
    );
    net::awaitable<bool> shake_hands(TlsStream& stream);
    void shed(net::ip::tcp::socket socket);

    const TlsContext& tls_;
    TaskGroup tasks_;
    RateLimiter<std::string> http_by_address_;
    std::unordered_set<Endable*> open_;
    NetServices services_;
    UnauthenticatedCount unauthenticated_;
    Rate handshake_rate_;
    TokenBucket handshakes_;
    net::ip::tcp::acceptor acceptor_;
    net::steady_timer pause_;
    bool accepting_{false};
    bool warned_{false};  // That files have run out, until accepting works again.
};

}  // namespace wardline::server
