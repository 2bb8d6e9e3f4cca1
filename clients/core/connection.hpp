#pragma once

#include "clients/core/types.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// How a client talks to a server, without a word of TLS or WebSocket: frames as maps. Real:
// tls_connector(). Tests: a fake that drops, duplicates and delays.
namespace wardline::client {

using Json = nlohmann::json;

// Where the server is, and by which key it is known. Without a pin its certificate is checked by
// WebPKI and name.
struct Endpoint {
    std::string host;
    std::uint16_t port{0};
    std::optional<Hash> pin;  // SHA-256 of the server key's SubjectPublicKeyInfo.

    std::string text() const;  // host:port, an IPv6 address in brackets.
};
// "host:port", "[::1]:8443", "host" (port 443), with or without "https://" or "wss://". `usage`
// otherwise.
Result<Endpoint> parse_endpoint(std::string_view text);

// One WebSocket after its `hello`. Any thread may call interrupt() and close(); the rest belongs to
// one thread.
class Connection {
public:
    virtual ~Connection() = default;

    // Sends `frame` with an id of its own and waits for the answer. An error answer is an Error
    // with the published code, its details in `extra`. `unreachable` when the connection ended or
    // `limit` passed: whether the server acted is unknown.
    virtual Result<Json> request(Json frame, Milliseconds limit) = 0;
    // The next push in order; nothing when `wait` passed or interrupt() was called; `unreachable`
    // when the connection has ended and every push was taken.
    virtual Result<std::optional<Json>> next_push(Milliseconds wait) = 0;
    virtual void interrupt() = 0;
    virtual void close() = 0;

    virtual const Json& hello() const = 0;
    // 32 bytes of EXPORTER-Channel-Binding, where the transport has them.
    virtual std::optional<std::array<std::uint8_t, 32>> binding() const = 0;
};

class Connector {
public:
    virtual ~Connector() = default;
    // Connects and waits for `hello`. `unreachable`, or `trust_alarm` when the server has another
    // key than the pin.
    virtual Result<std::unique_ptr<Connection>> connect(
        const Endpoint& endpoint, Milliseconds limit
    ) = 0;
    // POST of a CBOR body; the answer's map, or the Error it names.
    virtual Result<Json> post(
        const Endpoint& endpoint, std::string_view path, const Json& body, Milliseconds limit
    ) = 0;
};
Connector& tls_connector();

// The Error that an error frame or an HTTP error body means.
Error error_of_frame(const Json& frame);

}  // namespace wardline::client
