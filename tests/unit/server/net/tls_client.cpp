#include "tests/unit/server/net/tls_client.hpp"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace wardline::server::test {
namespace {

constexpr int kWaitSeconds = 60;  // A busy machine is no reason to fail.

int connect_to(std::uint16_t port, int receive_buffer_bytes) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    if (receive_buffer_bytes != 0) {
        ::setsockopt(
            descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes
        );
    }
    const timeval wait{kWaitSeconds, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(descriptor);
        throw std::runtime_error{"cannot connect"};
    }
    return descriptor;
}

}  // namespace

TlsClient::Socket::~Socket() {
    if (descriptor >= 0) ::close(descriptor);
}

TlsClient::TlsClient(std::uint16_t port, TlsClientOptions options)
    : context_{SSL_CTX_new(TLS_client_method())},
      socket_{connect_to(port, options.receive_buffer_bytes)},
      ssl_{nullptr} {
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    SSL_CTX_set_min_proto_version(context_.get(), options.version_min);
    SSL_CTX_set1_groups_list(context_.get(), options.groups.c_str());
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), count_ticket);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.descriptor);
}

TlsClient::~TlsClient() = default;

int TlsClient::count_ticket(SSL* ssl, SSL_SESSION*) {
    auto* const count = static_cast<std::size_t*>(SSL_get_app_data(ssl));
    if (count) ++*count;
    return 0;
}

bool TlsClient::shake_hands() {
    SSL_set_app_data(ssl_.get(), &tickets_);
    ERR_clear_error();
    return SSL_connect(ssl_.get()) == 1;
}

Hash TlsClient::exporter() const {
    constexpr std::string_view kLabel{"EXPORTER-Channel-Binding"};
    std::array<std::uint8_t, Hash::kSize> out{};
    // RFC 9266 asks for a context of no bytes, which in TLS 1.3 is the same as none: the server
    // passes none.
    SSL_export_keying_material(
        ssl_.get(), out.data(), out.size(), kLabel.data(), kLabel.size(), out.data(), 0, 1
    );
    return Hash{out};
}

std::string TlsClient::group() const {
    return OBJ_nid2sn(static_cast<int>(SSL_get_negotiated_group(ssl_.get())));
}

void TlsClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        std::size_t sent = 0;
        ERR_clear_error();
        if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) return;
        bytes.remove_prefix(sent);
    }
}

std::string TlsClient::receive() {
    std::string out(16'384, '\0');
    std::size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), out.data(), out.size(), &got) == 1) return out.substr(0, got);
    if (SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_READ)
        throw std::runtime_error{"the server says nothing"};
    return {};
}

bool TlsClient::is_closed_by_server() {
    if (SSL_is_init_finished(ssl_.get()) == 1) {
        while (!receive().empty()) {
        }
        return true;
    }
    std::array<char, 256> ignored{};
    for (;;) {
        const ssize_t got = ::recv(socket_.descriptor, ignored.data(), ignored.size(), 0);
        if (got == 0) return true;
        if (got < 0) return errno != EAGAIN;
    }
}

bool TlsClient::fill(std::size_t size) {
    while (buffer_.size() < size) {
        const std::string more = receive();
        if (more.empty()) return false;
        buffer_ += more;
    }
    return true;
}

std::string TlsClient::take(std::size_t size) {
    std::string out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
}

TlsClient::HttpAnswer TlsClient::read_answer() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill(buffer_.size() + 1)) return {};
    }
    HttpAnswer answer;
    answer.head = take(end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    const auto length = answer.head.find("Content-Length: ");
    if (length == std::string::npos) return answer;
    const auto size = std::stoul(answer.head.substr(length + 16));
    if (!fill(size)) return {};
    answer.body = take(size);
    return answer;
}

TlsClient::HttpAnswer TlsClient::request(const std::string& text) {
    send(text);
    return read_answer();
}

TlsClient::HttpAnswer TlsClient::post(
    const std::string& target, const std::string& body, const std::string& more_headers
) {
    return request(
        "POST " + target + " HTTP/1.1\r\nHost: clinic\r\nContent-Type: application/cbor\r\n" +
        more_headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body
    );
}

int TlsClient::upgrade(const std::string& more_headers, const std::string& protocol) {
    const auto answer = request(
        "GET /v1/ws HTTP/1.1\r\nHost: clinic\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        (protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + more_headers +
        "\r\n"
    );
    return answer.status;
}

void TlsClient::send_frame_header(std::uint8_t opcode, std::uint64_t size) {
    constexpr std::uint8_t kFinal = 0x80;
    constexpr std::uint8_t kMasked = 0x80;
    Bytes header{static_cast<std::uint8_t>(kFinal | opcode)};
    if (size < 126) {
        header.push_back(static_cast<std::uint8_t>(kMasked | size));
    } else if (size < 65'536) {
        header.push_back(kMasked | 126);
        header.push_back(static_cast<std::uint8_t>(size >> 8U));
        header.push_back(static_cast<std::uint8_t>(size));
    } else {
        header.push_back(kMasked | 127);
        append_u64(header, size);
    }
    header.insert(header.end(), {0, 0, 0, 0});  // A mask that changes nothing.
    send(as_text(header));
}

void TlsClient::send_frame(std::uint8_t opcode, std::string_view payload) {
    send_frame_header(opcode, payload.size());
    send(payload);
}

int TlsClient::Frame::close_code() const {
    if (payload.size() < 2) return 0;
    return static_cast<std::uint8_t>(payload[0]) * 256 + static_cast<std::uint8_t>(payload[1]);
}

std::optional<TlsClient::Frame> TlsClient::read_frame() {
    if (!fill(2)) return std::nullopt;
    const std::string header = take(2);
    std::uint64_t size = static_cast<std::uint8_t>(header[1]);
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more != 0) {
        if (!fill(more)) return std::nullopt;
        size = 0;
        for (const char c : take(more)) size = size * 256 + static_cast<std::uint8_t>(c);
    }
    if (!fill(size)) return std::nullopt;
    return Frame{static_cast<std::uint8_t>(header[0] & 0x0F), take(size)};
}

int TlsClient::read_close_code() {
    for (;;) {
        const auto frame = read_frame();
        if (!frame) return 0;
        if (frame->opcode == kClose) return frame->close_code();
    }
}

}  // namespace wardline::server::test
