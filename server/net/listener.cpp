#include "server/net/listener.hpp"

#include "server/net/http_connection.hpp"
#include "server/net/tls_stream.hpp"
#include "server/net/ws_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace wardline::server {
namespace {

using boost::system::error_code;
using Tcp = net::ip::tcp;

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
constexpr int kBacklog = 4'096;
constexpr int kSendBufferBytes =
    131'072;  // The kernel's share of what one connection may hold (it doubles it).
constexpr std::size_t kAddressesMax = 65'536;
constexpr std::chrono::milliseconds kPause{200};
constexpr std::chrono::milliseconds kAfterEndingAtOnce{5'000};

// The address as a person writes it; IPv4 also where it came through an IPv6 socket.
std::string address_of(const Tcp::socket& socket) {
    error_code error;
    auto address = socket.remote_endpoint(error).address();
    if (error) return {};
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

// Errors that pass when other connections end.
bool is_out_of_resources(const error_code& error) {
    using boost::system::errc::errc_t;
    return error == errc_t::too_many_files_open || error == errc_t::too_many_files_open_in_system ||
           error == errc_t::no_buffer_space || error == errc_t::not_enough_memory;
}

class Handshake final : public Endable {
public:
    Handshake(TlsStream& stream, const NetServices& services)
        : stream_{stream}, open_{services, *this} {}
    void end_gently() override { stream_.close(); }
    void end_at_once() noexcept override { stream_.close(); }

private:
    TlsStream& stream_;
    OpenEntry open_;
};

}  // namespace

Listener::Listener(net::io_context& context, const Needs& needs)
    : tls_{needs.tls},
      tasks_{context.get_executor(), needs.log},
      http_by_address_{
          Rate{
              needs.limits.http_per_address_per_minute / 60.0,
              double(needs.limits.http_per_address_per_minute)
          },
          kAddressesMax
      },
      services_{
          .sessions = needs.sessions,
          .http = needs.http,
          .limits = needs.limits,
          .allowed_origins = needs.allowed_origins,
          .metrics = needs.metrics,
          .log = needs.log,
          .tasks = tasks_,
          .http_by_address = http_by_address_,
          .open = open_
      },
      unauthenticated_{needs.limits.unauthenticated_per_address_max},
      handshake_rate_{
          double(needs.limits.handshakes_per_second), double(needs.limits.handshakes_per_second)
      },
      handshakes_{handshake_rate_, std::chrono::steady_clock::now()},
      acceptor_{context},
      pause_{context} {}

Result<void> Listener::open(const Endpoint& endpoint) {
    error_code error;
    const auto address = net::ip::make_address(endpoint.address, error);
    if (error) return Error{Code::usage, endpoint.address + " is not a numeric address"};
    const Tcp::endpoint where{address, endpoint.port};
    acceptor_.open(where.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address{true}, error);
    if (!error && address.is_v6()) acceptor_.set_option(net::ip::v6_only{false}, error);
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(kBacklog, error);
    if (error) {
        error_code ignored;
        acceptor_.close(ignored);
        return Error{Code::io, "cannot listen on " + endpoint.text() + ": " + error.message()};
    }
    accepting_ = true;
    tasks_.spawn(accept_all());
    return success();
}

Endpoint Listener::endpoint() const {
    error_code ignored;
    const auto local = acceptor_.local_endpoint(ignored);
    return {local.address().to_string(), local.port()};
}

void Listener::stop_accepting() {
    accepting_ = false;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

net::awaitable<void> Listener::stop(std::chrono::milliseconds patience) {
    stop_accepting();
    for (Endable* connection : std::vector<Endable*>{open_.begin(), open_.end()})
        connection->end_gently();
    const bool ended = co_await tasks_.all_ended(patience);
    if (ended) co_return;
    for (Endable* connection : std::vector<Endable*>{open_.begin(), open_.end()})
        connection->end_at_once();
    co_await tasks_.all_ended(kAfterEndingAtOnce);
}

net::awaitable<void> Listener::accept_all() {
    while (accepting_) {
        auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
        if (!accepting_) co_return;
        if (!error) {
            warned_ = false;
            admit(std::move(socket));
            continue;
        }
        if (!is_out_of_resources(error)) continue;  // The client was gone before it was accepted.
        if (!std::exchange(warned_, true)) {
            services_.log.warn("accept_paused", {LogField::reason(error.message())});
        }
        pause_.expires_after(kPause);
        co_await pause_.async_wait(kAsTuple);
    }
}

void Listener::shed(Tcp::socket socket) {
    services_.metrics.connections_shed.Increment();
    error_code ignored;
    socket.set_option(
        net::socket_base::linger{true, 0}, ignored
    );  // A reset: nothing is left to keep.
    socket.close(ignored);
}

void Listener::admit(Tcp::socket socket) {
    services_.metrics.connections_accepted.Increment();
    if (tasks_.size() > services_.limits.connections_max ||
        handshakes_.take(handshake_rate_, std::chrono::steady_clock::now())) {
        return shed(std::move(socket));
    }
    std::string address = address_of(socket);
    auto place = unauthenticated_.enter(address);
    if (!place) return shed(std::move(socket));
    error_code ignored;
    socket.set_option(Tcp::no_delay{true}, ignored);
    socket.set_option(net::socket_base::keep_alive{true}, ignored);
    socket.set_option(net::socket_base::send_buffer_size{kSendBufferBytes}, ignored);
    TlsStream stream{std::move(socket), tls_};
    tasks_.spawn(serve(std::move(stream), std::move(address), std::move(*place)));
}

net::awaitable<bool> Listener::shake_hands(TlsStream& stream) {
    const Handshake open{stream, services_};
    stream.expires_after(services_.limits.handshake_timeout);
    const auto [error] = co_await stream.async_handshake(kAsTuple);
    stream.expires_never();
    if (error) services_.metrics.handshakes_failed.Increment();
    co_return !error;
}

// In a frame of its own, which is gone while a WebSocket is served.
static net::awaitable<UpgradePtr> serve_http(
    TlsStream& stream, std::string address, const NetServices& services
) {
    HttpConnection connection{stream, std::move(address), services};
    co_return co_await connection.serve();
}

net::awaitable<void> Listener::serve(
    TlsStream stream, std::string address, UnauthenticatedCount::Place place
) {
    services_.metrics.connections.Increment();
    const bool secured = co_await shake_hands(stream);
    if (secured) {
        auto upgrade = co_await serve_http(stream, address, services_);
        if (upgrade) {
            co_await serve_websocket(
                std::move(stream),
                std::move(upgrade),
                std::move(address),
                std::move(place),
                services_
            );
        }
    }
    services_.metrics.connections.Decrement();
}

}  // namespace wardline::server
