#pragma once

#include "server/net/http_connection.hpp"
#include "server/net/net_services.hpp"
#include "server/net/tls_stream.hpp"
#include "server/net/unauthenticated_count.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

// One WebSocket of the protocol wardline.1, from its upgrade to its end: binary frames of at most
// 128 KiB, one writer with a bounded queue, pings.
namespace wardline::server {

// The subprotocol that clients must offer.
constexpr std::string_view kSubprotocol{"wardline.1"};

// `place` is freed when the session has logged in. `services` outlive the connection.
net::awaitable<void> serve_websocket(
    TlsStream stream,
    UpgradePtr upgrade,
    std::string address,
    UnauthenticatedCount::Place place,
    const NetServices& services
);

}  // namespace wardline::server
