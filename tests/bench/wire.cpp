#include "tests/bench/wire.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"

#include <openssl/err.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace wardline::bench {
namespace {

constexpr std::size_t kReadBytes = 65'536;

SSL_CTX* context() {
    static SSL_CTX* const shared = [] {
        std::signal(SIGPIPE, SIG_IGN);
        SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
        SSL_CTX_set1_groups_list(made, "X25519");
        SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(
            made,
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
        );
        SSL_CTX_set_read_ahead(made, 1);
        return made;
    }();
    return shared;
}

int connect_to(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        throw std::runtime_error{"cannot find " + host};
    }
    const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int connected = ::connect(descriptor, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    if (connected != 0) {
        ::close(descriptor);
        throw std::runtime_error{"cannot connect to " + host};
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

// The item's first byte and its number; moves `at` behind them.
struct ItemHead {
    unsigned major;
    std::uint64_t number;
};
ItemHead item_head(BytesView bytes, std::size_t& at) {
    const std::uint8_t first = bytes[at++];
    const unsigned low = first & 31U;
    ItemHead head{static_cast<unsigned>(first >> 5U), low};
    if (low >= 24) {
        head.number = 0;
        for (unsigned i = 0; i < (1U << (low - 24)); ++i)
            head.number = head.number << 8U | bytes[at++];
    }
    return head;
}

void skip_item(BytesView bytes, std::size_t& at) {
    const ItemHead head = item_head(bytes, at);
    if (head.major == 2 || head.major == 3) at += head.number;
    const std::uint64_t items = head.major == 4   ? head.number
                                : head.major == 5 ? 2 * head.number
                                                  : 0;
    for (std::uint64_t i = 0; i < items; ++i) skip_item(bytes, at);
}

}  // namespace

FrameHead head_of(BytesView frame) {
    FrameHead out;
    std::size_t at = 0;
    const ItemHead map = item_head(frame, at);
    for (std::uint64_t i = 0; i < map.number; ++i) {
        const auto key_size = item_head(frame, at).number;
        const auto key = as_text(frame.subspan(at, key_size));
        at += key_size;
        if (key == "t") {
            const auto size = item_head(frame, at).number;
            out.type = as_text(frame.subspan(at, size));
            at += size;
        } else if (key == "id") {
            out.id = item_head(frame, at).number;
        } else if (key == "upto") {
            out.upto = item_head(frame, at).number;
        } else if (key == "more") {
            constexpr std::uint64_t kTrue = 21;
            out.more = item_head(frame, at).number == kTrue;
        } else if (key == "entries") {
            std::size_t look = at;
            out.entries = item_head(frame, look).number;
            skip_item(frame, at);
        } else {
            skip_item(frame, at);
        }
    }
    return out;
}

TlsSocket::TlsSocket(const std::string& host, std::uint16_t port)
    : descriptor_{connect_to(host, port)}, ssl_{SSL_new(context())} {
    SSL_set_fd(ssl_.get(), descriptor_);
    if (SSL_connect(ssl_.get()) != 1) {
        ::close(descriptor_);
        throw std::runtime_error{"the TLS handshake failed"};
    }
}

TlsSocket::TlsSocket(TlsSocket&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, ssl_{std::move(other.ssl_)} {}

TlsSocket::~TlsSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Hash TlsSocket::exporter() const {
    constexpr std::string_view kLabel{"EXPORTER-Channel-Binding"};
    std::array<std::uint8_t, Hash::kSize> out{};
    SSL_export_keying_material(
        ssl_.get(), out.data(), out.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0
    );
    return Hash{out};
}

void TlsSocket::go_async() {
    ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
}

std::size_t TlsSocket::write_some(std::string_view bytes) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        std::size_t sent = 0;
        ERR_clear_error();
        const int result =
            SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &sent);
        if (result != 1) {
            if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return total;
            throw std::runtime_error{"the server ended the connection (write)"};
        }
        total += sent;
    }
    return total;
}

void TlsSocket::write_all(std::string_view bytes) {
    write_some(bytes);
}

bool TlsSocket::read_into(std::string& buffer) {
    const std::size_t before = buffer.size();
    buffer.resize(before + kReadBytes);
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer.data() + before, kReadBytes, &got);
    buffer.resize(before + got);
    if (result == 1) return true;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
    throw std::runtime_error{"the server ended the connection"};
}

void HttpClient::send(std::string_view path, const Json& body) {
    const Bytes encoded = cbor::encode(body);
    std::string text{"POST "};
    text += path;
    text += " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/cbor\r\nContent-Length: ";
    text += std::to_string(encoded.size()) + "\r\n\r\n";
    text += as_text(encoded);
    socket_.write_all(text);
}

Json HttpClient::receive() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) socket_.read_into(buffer_);
    const auto length = buffer_.find("Content-Length: ");
    const std::size_t size = std::stoul(buffer_.substr(length + 16));
    while (buffer_.size() < end + 4 + size) socket_.read_into(buffer_);
    const bool good = buffer_.starts_with("HTTP/1.1 200");
    const auto body = cbor::decode(as_bytes(std::string_view{buffer_}.substr(end + 4, size)));
    if (!good)
        throw std::runtime_error{"the server refused: " + (body ? body.value().dump() : buffer_)};
    buffer_.erase(0, end + 4 + size);
    return body.value();
}

Wire::Wire(const std::string& host, std::uint16_t port) : socket_{host, port} {
    socket_.write_all(
        "GET /v1/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: wardline.1\r\n\r\n"
    );
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) socket_.read_into(in_);
    if (!in_.starts_with("HTTP/1.1 101")) throw std::runtime_error{"no WebSocket: " + in_};
    in_.erase(0, end + 4);
    hello_ = cbor::decode(as_bytes(wait_for_frame())).value();
}

// Frames of clients are masked; a mask of zeros says so and costs the server the same.
void Wire::append_frame(std::string& out, BytesView payload) {
    constexpr std::uint8_t kFinalBinary = 0x82;
    constexpr std::uint8_t kMasked = 0x80;
    const std::uint64_t size = payload.size();
    Bytes head{kFinalBinary};
    if (size < 126) {
        head.push_back(static_cast<std::uint8_t>(kMasked | size));
    } else if (size < 65'536) {
        head.insert(
            head.end(),
            {kMasked | 126, static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)}
        );
    } else {
        head.push_back(kMasked | 127);
        append_u64(head, size);
    }
    head.insert(head.end(), {0, 0, 0, 0});
    out += as_text(head);
    out += as_text(payload);
}

std::optional<std::string_view> Wire::next_frame() {
    for (;;) {
        const std::string_view rest = std::string_view{in_}.substr(taken_);
        if (rest.size() < 2) return std::nullopt;
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(rest[at]); };
        std::uint64_t size = byte(1) & 127U;
        std::size_t head = 2;
        if (size >= 126) {
            const std::size_t more = size == 126 ? 2 : 8;
            if (rest.size() < head + more) return std::nullopt;
            size = 0;
            for (; head < 2 + more; ++head) size = size << 8U | byte(head);
        }
        if (rest.size() < head + size) return std::nullopt;
        taken_ += head + size;
        const unsigned opcode = byte(0) & 15U;
        if (opcode == 2) return rest.substr(head, size);
        if (opcode == 8) {
            const unsigned code = size >= 2 ? byte(head) * 256U + byte(head + 1) : 0;
            throw std::runtime_error{
                "the server closed the connection with " + std::to_string(code)
            };
        }
    }
}

std::string_view Wire::wait_for_frame() {
    for (;;) {
        if (const auto frame = next_frame()) return *frame;
        in_.erase(0, std::exchange(taken_, 0));
        socket_.read_into(in_);
    }
}

void Wire::send(std::string_view type, Json body) {
    std::string out;
    append_frame(out, wire::make_request(type, take_id(), std::move(body)));
    socket_.write_all(out);
}

Json Wire::receive() {
    for (;;) {
        const auto frame = wait_for_frame();
        const auto head = head_of(as_bytes(frame));
        if (head.id == 0) continue;
        auto answer = cbor::decode(as_bytes(frame)).value();
        if (head.type == "error") throw std::runtime_error{"the server refused: " + answer.dump()};
        return answer;
    }
}

FrameHead Wire::receive_head() {
    for (;;) {
        const auto frame = wait_for_frame();
        const auto head = head_of(as_bytes(frame));
        if (head.type == "error") throw std::runtime_error{"the server refused a request"};
        if (head.id != 0) return head;
    }
}

Json Wire::request(std::string_view type, Json body) {
    send(type, std::move(body));
    return receive();
}

bool Wire::pump_write() {
    out_.erase(0, socket_.write_some(out_));
    return out_.empty();
}

void Wire::pump_read(const std::function<void(BytesView)>& take) {
    while (socket_.read_into(in_)) {
        while (const auto frame = next_frame()) take(as_bytes(*frame));
        in_.erase(0, std::exchange(taken_, 0));
    }
    if (in_.empty() && in_.capacity() > kReadBytes * 2) in_.shrink_to_fit();
}

}  // namespace wardline::bench
