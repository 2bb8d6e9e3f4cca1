#pragma once

#include "clients/core/connection.hpp"

#include <boost/asio/ssl/context.hpp>

#include <string>

// The TLS of a client: 1.3 only, the server known by its pin or by WebPKI and name. Included by
// tls_connection.cpp alone.
namespace wardline::client {

// What the certificate check found, for a sentence to a person after a handshake that failed.
struct ServerCheck {
    std::optional<Hash> pin;
    bool wrong_key{false};
};
// `check` outlives the context.
void configure_tls(boost::asio::ssl::context& context, ServerCheck& check);
// Server name indication and, without a pin, the name that the certificate must have.
bool expect_name(SSL* ssl, const Endpoint& endpoint);
std::optional<std::array<std::uint8_t, 32>> channel_binding(SSL* ssl);

}  // namespace wardline::client
