#pragma once

#include "server/config.hpp"
#include "server/metrics.hpp"
#include "server/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

// GET /metrics in plain HTTP on a loopback port, for a Prometheus on the same machine. Eight
// connections at a time, a request each. Metrics and log outlive it; one thread.
namespace wardline::server {

class MetricsListener {
public:
    MetricsListener(net::io_context& context, const Metrics& metrics, const Log& log);

    // `usage` for an address that is not loopback, `io` when it cannot be had.
    Result<void> open(const Endpoint& endpoint);
    Endpoint endpoint() const;
    // Returns when all connections have ended.
    net::awaitable<void> stop();

private:
    net::awaitable<void> accept_all();
    net::awaitable<void> answer(net::ip::tcp::socket socket);

    const Metrics& metrics_;
    TaskGroup tasks_;
    net::ip::tcp::acceptor acceptor_;
};

}  // namespace wardline::server
