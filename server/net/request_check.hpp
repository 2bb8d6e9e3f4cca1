#pragma once

#include "server/connection.hpp"

#include <boost/beast/http/message.hpp>

#include <optional>
#include <string_view>

// What Beast's parser lets pass and RFC 9112 and RFC 6455 do not: a request that says its length,
// its host or its WebSocket key twice or in a strange way. Pure.
namespace wardline::server {

using RequestHeader = boost::beast::http::request_header<>;

// The one value of a field; nothing when it is absent or stands there more than once.
std::optional<std::string_view> only_value(
    const RequestHeader& header, boost::beast::http::field name
);

// Why the request is none, for the client; nothing when it is well formed. Behind one that is
// not, nothing on the connection can be trusted to begin where it seems to. `read_as_chunks` is how
// the parser took the body: it does not see a transfer coding in a folded line.
std::optional<std::string_view> malformed(const RequestHeader& header, bool read_as_chunks);

// The same for the opening handshake of a WebSocket, whose version is checked elsewhere.
std::optional<std::string_view> malformed_upgrade(const RequestHeader& header);

}  // namespace wardline::server
