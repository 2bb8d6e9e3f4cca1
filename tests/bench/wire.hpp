#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <nlohmann/json.hpp>
#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The cheapest client that speaks the protocol truly: OpenSSL on a socket and WebSocket frames by
// hand, so that what is measured is the server. Errors are exceptions. One thread each.
namespace wardline::bench {

using Json = nlohmann::json;

struct FreeSsl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

// TLS 1.3 to a loopback port or a host; blocking until go_async().
class TlsSocket {
public:
    TlsSocket(const std::string& host, std::uint16_t port);
    TlsSocket(TlsSocket&& other) noexcept;
    TlsSocket(const TlsSocket&) = delete;
    TlsSocket& operator=(const TlsSocket&) = delete;
    ~TlsSocket();

    void write_all(std::string_view bytes);
    // Appends what has come: at least a byte when blocking; false when nothing has come yet.
    bool read_into(std::string& buffer);
    // What was taken of the bytes; less than all only when not blocking.
    std::size_t write_some(std::string_view bytes);
    void go_async();

    int descriptor() const noexcept { return descriptor_; }
    Hash exporter() const;

private:
    int descriptor_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
};

// HTTP/1.1 with one connection kept alive.
class HttpClient {
public:
    HttpClient(const std::string& host, std::uint16_t port) : socket_{host, port} {}
    // The answer's map. Throws on any status but 200.
    Json post(std::string_view path, const Json& body) {
        send(path, body);
        return receive();
    }
    // The two halves of post(), so that several connections can be under way.
    void send(std::string_view path, const Json& body);
    Json receive();

private:
    TlsSocket socket_;
    std::string buffer_;
};

// Some keys of a frame, found without decoding it.
struct FrameHead {
    std::string_view type;
    std::uint64_t id{0};
    std::uint64_t upto{0};     // Of `sync`.
    std::uint64_t entries{0};  // How many.
    bool more{false};
};

// One WebSocket. Blocking calls first (to set up), then, after go_async(), queue(), pump_write()
// and pump_read().
class Wire {
public:
    Wire(const std::string& host, std::uint16_t port);

    const Json& hello() const noexcept { return hello_; }
    Hash exporter() const { return socket_.exporter(); }

    // The answer; pushes that come before it are thrown away. Throws on an error answer.
    Json request(std::string_view type, Json body = Json::object());
    // Sends without waiting; answers are then taken in order.
    void send(std::string_view type, Json body = Json::object());
    Json receive();
    // The head of the answer, which is not decoded. Good until the next call.
    FrameHead receive_head();

    int descriptor() const noexcept { return socket_.descriptor(); }
    void go_async() { socket_.go_async(); }
    std::uint64_t take_id() noexcept { return ++last_id_; }
    void queue(BytesView frame) { append_frame(out_, frame); }
    // True when all is sent.
    bool pump_write();
    // Every whole frame that has come.
    void pump_read(const std::function<void(BytesView)>& take);

private:
    static void append_frame(std::string& out, BytesView payload);
    std::optional<std::string_view> next_frame();
    std::string_view wait_for_frame();

    TlsSocket socket_;
    std::string in_;
    std::size_t taken_{0};  // Of in_.
    std::string out_;
    std::uint64_t last_id_{0};
    Json hello_;
};

FrameHead head_of(BytesView frame);

}  // namespace wardline::bench
