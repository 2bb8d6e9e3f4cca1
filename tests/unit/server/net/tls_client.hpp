#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

// A client that shares no code with the server: blocking OpenSSL, HTTP and WebSocket frames by
// hand, so that it can also do what no good client does. Every wait ends after a minute, with an
// exception.
namespace wardline::server::test {

struct TlsClientOptions {
    int version_max{TLS1_3_VERSION};
    int version_min{0};
    std::string groups{"X25519"};
    int receive_buffer_bytes{0};  // 0: the system's.
};

class TlsClient {
public:
    // TCP only.
    explicit TlsClient(std::uint16_t port, TlsClientOptions options = {});
    TlsClient(TlsClient&&) noexcept = default;
    ~TlsClient();

    // False when the server refuses or hangs up.
    bool shake_hands();
    Hash exporter() const;
    std::size_t tickets() const noexcept { return tickets_; }
    std::string group() const;

    void send(std::string_view bytes);
    // At least one byte; empty when the server has closed.
    std::string receive();
    // True when the server ends the connection, whatever it sends before.
    bool is_closed_by_server();

    struct HttpAnswer {
        int status{0};
        std::string head;
        std::string body;
    };
    // One answer with a content-length; status 0 when the server has closed instead.
    HttpAnswer read_answer();
    HttpAnswer request(const std::string& text);
    HttpAnswer post(
        const std::string& target, const std::string& body, const std::string& more_headers = ""
    );

    // The upgrade; 101 on success.
    int upgrade(const std::string& more_headers = "", const std::string& protocol = "wardline.1");

    static constexpr std::uint8_t kText = 1;
    static constexpr std::uint8_t kBinary = 2;
    static constexpr std::uint8_t kClose = 8;
    static constexpr std::uint8_t kPing = 9;
    static constexpr std::uint8_t kPong = 10;

    struct Frame {
        std::uint8_t opcode{0};
        std::string payload;
        // Of a close frame.
        int close_code() const;
    };
    void send_frame(std::uint8_t opcode, std::string_view payload);
    // Only the header of a frame of this size.
    void send_frame_header(std::uint8_t opcode, std::uint64_t size);
    // Nothing when the server has closed.
    std::optional<Frame> read_frame();
    // Reads on until the close frame; 0 when the server has closed without one.
    int read_close_code();

private:
    static int count_ticket(SSL* ssl, SSL_SESSION*);
    bool fill(std::size_t size);
    std::string take(std::size_t size);

    struct FreeContext {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    struct FreeSsl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    struct Socket {
        explicit Socket(int opened) : descriptor{opened} {}
        Socket(Socket&& other) noexcept : descriptor{std::exchange(other.descriptor, -1)} {}
        ~Socket();
        int descriptor;
    };

    std::unique_ptr<SSL_CTX, FreeContext> context_;
    Socket socket_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    std::string buffer_;
    std::size_t tickets_{0};
};

}  // namespace wardline::server::test
