#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// Where the network (server/net) meets the decisions (the rest of server/). The network implements
// Peer and calls Session and HttpHandler; neither side knows more of the other. Everything runs on
// the node's one thread.
namespace wardline::server {

namespace net = boost::asio;

// Why a WebSocket is closed (RFC 6455 section 7.4).
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    policy_violation = 1008,
    message_too_big = 1009,
    internal_error = 1011,
    try_again_later = 1013,
};

// The other end of one WebSocket. Implemented by server/net; a session keeps the shared_ptr it was
// given as long as it likes. After the connection has ended every call is harmless and does
// nothing.
class Peer {
public:
    virtual ~Peer() = default;

    // Queues one binary frame (at most 128 KiB) behind those queued before. False: the frame is not
    // sent, because the connection is closing, or because its queue would exceed its bound (1 MiB
    // by default), in which case it is closed with 1013 and the client catches up later. Never
    // calls back into the session before it returns.
    virtual bool push(Bytes frame) = 0;
    // Sends what is queued, then closes with this code; reads nothing more. `reason` is at most 123
    // bytes of UTF-8.
    virtual void close(CloseCode code, std::string_view reason) = 0;

    // Bytes queued and not yet handed to the socket.
    virtual std::size_t queued_bytes() const = 0;
    // Waits until fewer than half of the queue's bound are queued. True then; false when the
    // connection has ended. Await it before building each large answer (history, sync, chain,
    // photos): a client that asks for more than it reads is then slowed down, not dropped.
    virtual net::awaitable<bool> room() = 0;

    // The session has logged in: ends the time allowed for it (10 s by default) and the limits by
    // address.
    virtual void authenticated() = 0;

    // 32 bytes of the TLS exporter EXPORTER-Channel-Binding (RFC 9266) of this connection.
    virtual const Hash& tls_exporter() const = 0;
    // The numeric address without port, for limits before authentication and nothing else.
    virtual const std::string& address() const = 0;
};

// What the server knows of one WebSocket, from its start to its end.
class Session {
public:
    virtual ~Session() = default;

    // One binary frame, in the order of arrival, at most 128 KiB. Returns soon: what takes time is
    // queued or spawned. The next frame is not read while more than half of the peer's queue is
    // waiting to be written.
    virtual void received(Bytes frame) = 0;
    // Called exactly once, last, whoever ended the connection. The session may be destroyed right
    // after it returned, so what the session has spawned must keep what it needs alive by itself.
    virtual void disconnected() = 0;
};

class SessionFactory {
public:
    virtual ~SessionFactory() = default;
    // A WebSocket has opened; the session may push (its hello) at once. Never null.
    virtual std::unique_ptr<Session> connected(std::shared_ptr<Peer> peer) = 0;
};

struct HttpRequest {
    std::string method;        // "GET", "POST"
    std::string target;        // Path and query as sent, e.g. "/v1/enrol/begin".
    std::string content_type;  // As sent; empty if none.
    Bytes body;                // At most 128 KiB.
    std::string address;  // The numeric address without port, for limits before authentication and
                          // nothing else.
};

struct HttpResponse {
    unsigned status{200};
    std::string content_type{"application/cbor"};
    Bytes body;
};

// Answers every HTTP request except the upgrade at /v1/ws. Requests by one address are already
// limited (429) and their sizes checked before it is asked.
class HttpHandler {
public:
    virtual ~HttpHandler() = default;
    virtual net::awaitable<HttpResponse> handle(HttpRequest request) = 0;
};

}  // namespace wardline::server
