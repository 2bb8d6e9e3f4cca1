#include "server/net/metrics_listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>

namespace wardline::server {
namespace {

using Tcp = net::ip::tcp;
using boost::system::error_code;

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
constexpr std::size_t kRequestBytesMax = 8'192;
constexpr std::size_t kConnectionsMax = 8;
constexpr std::chrono::milliseconds kTimeout{5'000};

std::string response(std::string_view status, const std::string& body) {
    std::string out{"HTTP/1.1 "};
    out += status;
    out +=
        "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: "
        "close\r\nContent-Length: ";
    out += std::to_string(body.size()) + "\r\n\r\n" + body;
    return out;
}

}  // namespace

MetricsListener::MetricsListener(net::io_context& context, const Metrics& metrics, const Log& log)
    : metrics_{metrics}, tasks_{context.get_executor(), log}, acceptor_{context} {}

Result<void> MetricsListener::open(const Endpoint& endpoint) {
    error_code error;
    const auto address = net::ip::make_address(endpoint.address, error);
    if (error || !address.is_loopback()) {
        return Error{
            Code::usage, "metrics are shown on a loopback address only, not on " + endpoint.text()
        };
    }
    const Tcp::endpoint where{address, endpoint.port};
    acceptor_.open(where.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(static_cast<int>(kConnectionsMax), error);
    if (error)
        return Error{
            Code::io, "cannot show metrics on " + endpoint.text() + ": " + error.message()
        };
    tasks_.spawn(accept_all());
    return success();
}

Endpoint MetricsListener::endpoint() const {
    error_code ignored;
    const auto local = acceptor_.local_endpoint(ignored);
    return {local.address().to_string(), local.port()};
}

net::awaitable<void> MetricsListener::stop() {
    error_code ignored;
    acceptor_.close(ignored);
    co_await tasks_.all_ended(2 * kTimeout);
}

net::awaitable<void> MetricsListener::accept_all() {
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
        if (!error && tasks_.size() <= kConnectionsMax) tasks_.spawn(answer(std::move(socket)));
        if (!error || !acceptor_.is_open()) continue;
        net::steady_timer pause{acceptor_.get_executor(), std::chrono::milliseconds{200}};
        co_await pause.async_wait(kAsTuple);
    }
}

net::awaitable<void> MetricsListener::answer(Tcp::socket socket) {
    // The handler may run after this coroutine has ended, so it shares the socket.
    const auto shared = std::make_shared<Tcp::socket>(std::move(socket));
    net::steady_timer deadline{shared->get_executor(), kTimeout};
    deadline.async_wait([shared](const error_code& cancelled) {
        error_code ignored;
        if (!cancelled) shared->close(ignored);
    });
    std::string request;
    const auto [error, bytes] = co_await net::async_read_until(
        *shared, net::dynamic_buffer(request, kRequestBytesMax), "\r\n\r\n", kAsTuple
    );
    if (error) co_return;
    const bool found = request.starts_with("GET /metrics ");
    const std::string text =
        found ? response("200 OK", metrics_.text()) : response("404 Not Found", "GET /metrics\n");
    co_await net::async_write(*shared, net::buffer(text), kAsTuple);
}

}  // namespace wardline::server
