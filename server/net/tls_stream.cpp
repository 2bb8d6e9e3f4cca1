#include "server/net/tls_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace wardline::server {
namespace {

constexpr std::size_t kRecordBytes = 16'384;
constexpr std::size_t kCorkedBytesKept =
    4'096;  // More than this is given back once it has been sent.

using boost::system::error_code;

error_code broken_connection(int ssl_error, int system_error) {
    switch (ssl_error) {
        case SSL_ERROR_ZERO_RETURN:
            return net::error::eof;
        case SSL_ERROR_SYSCALL:
            if (system_error != 0) return {system_error, boost::system::system_category()};
            return net::error::connection_reset;
        default: {
            const unsigned long reason = ERR_peek_last_error();
            ERR_clear_error();
            if (ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
                return net::error::connection_reset;
            return make_error_code(boost::system::errc::protocol_error);
        }
    }
}

}  // namespace

struct TlsStream::State {
    State(Socket tcp, Ssl tls) : socket{std::move(tcp)}, ssl{std::move(tls)} {}

    void close() noexcept {
        error_code ignored;
        if (timer) timer->cancel();
        socket.close(ignored);
    }
    // What an OpenSSL call that returned `result` means.
    Progress progress(int result, std::size_t bytes) {
        if (result > 0) return {Step::done, bytes, {}};
        const int system_error = errno;
        switch (const int error = SSL_get_error(ssl.get(), result)) {
            case SSL_ERROR_WANT_READ:
                return {Step::wait_read, 0, {}};
            case SSL_ERROR_WANT_WRITE:
                return {Step::wait_write, 0, {}};
            default:
                usable = false;
                return {Step::done, 0, broken_connection(error, system_error)};
        }
    }

    Socket socket;
    Ssl ssl;
    bool usable{true};  // OpenSSL has met no fatal error.
    bool corked{false};
    std::vector<std::uint8_t> collected;
    std::size_t sent{0};  // Of `collected`.
    std::unique_ptr<net::steady_timer> timer;
};

TlsStream::TlsStream(Socket socket, const TlsContext& context)
    : state_{std::make_shared<State>(std::move(socket), context.new_connection())} {
    state_->socket.native_non_blocking(true);
    if (SSL_set_fd(state_->ssl.get(), state_->socket.native_handle()) != 1) throw std::bad_alloc{};
}

TlsStream::executor_type TlsStream::get_executor() const noexcept {
    return state_->socket.get_executor();
}
TlsStream::Socket& TlsStream::socket() noexcept {
    return state_->socket;
}
TlsStream::Socket& TlsStream::socket_of(State& state) {
    return state.socket;
}

std::span<std::uint8_t> TlsStream::record() {
    thread_local std::array<std::uint8_t, kRecordBytes> bytes;
    return bytes;
}

TlsStream::Progress TlsStream::try_handshake(State& state) {
    if (!state.socket.is_open()) return {Step::done, 0, net::error::operation_aborted};
    ERR_clear_error();
    errno = 0;
    return state.progress(SSL_do_handshake(state.ssl.get()), 0);
}

TlsStream::Progress TlsStream::try_read(State& state, net::mutable_buffer into) {
    // The descriptor's number may belong to another connection once the socket is closed.
    if (!state.socket.is_open()) return {Step::done, 0, net::error::operation_aborted};
    ERR_clear_error();
    errno = 0;
    std::size_t bytes = 0;
    const int result = SSL_read_ex(state.ssl.get(), into.data(), into.size(), &bytes);
    return state.progress(result, bytes);
}

TlsStream::Progress TlsStream::try_write(State& state, net::const_buffer from) {
    if (!state.socket.is_open()) return {Step::done, 0, net::error::operation_aborted};
    if (from.size() == 0) return {Step::done, 0, {}};
    ERR_clear_error();
    errno = 0;
    std::size_t bytes = 0;
    const int result = SSL_write_ex(state.ssl.get(), from.data(), from.size(), &bytes);
    return state.progress(result, bytes);
}

TlsStream::Progress TlsStream::try_flush(State& state) {
    while (state.sent < state.collected.size()) {
        const auto rest = net::buffer(state.collected) + state.sent;
        const Progress progress = try_write(state, rest);
        if (progress.step != Step::done) return progress;
        if (progress.error) {
            state.corked = false;
            return progress;
        }
        state.sent += progress.bytes;
    }
    state.sent = 0;
    state.collected.clear();
    if (state.collected.capacity() > kCorkedBytesKept) state.collected.shrink_to_fit();
    state.corked = false;
    return {Step::done, 0, {}};
}

bool TlsStream::has_pending(const State& state) {
    return SSL_has_pending(state.ssl.get()) == 1;
}
bool TlsStream::is_corked(const State& state) {
    return state.corked;
}

void TlsStream::collect(State& state, net::const_buffer bytes) {
    const auto* const data = static_cast<const std::uint8_t*>(bytes.data());
    state.collected.insert(state.collected.end(), data, data + bytes.size());
}

void TlsStream::cork() {
    state_->corked = true;
}
std::size_t TlsStream::corked_bytes() const noexcept {
    return state_->collected.size() - state_->sent;
}

void TlsStream::expires_after(std::chrono::milliseconds time) {
    if (!state_->timer)
        state_->timer = std::make_unique<net::steady_timer>(state_->socket.get_executor());
    state_->timer->expires_after(time);
    state_->timer->async_wait([weak = std::weak_ptr{state_}](error_code error) {
        const auto state = weak.lock();
        if (error || !state || !state->timer) return;
        // A timer that was set anew after this handler was queued is not the one that has passed.
        if (state->timer->expiry() > std::chrono::steady_clock::now()) return;
        state->close();
    });
}

void TlsStream::expires_never() noexcept {
    state_->timer.reset();
}

void TlsStream::shutdown() noexcept {
    if (!state_->socket.is_open()) return;
    if (state_->usable && SSL_is_init_finished(state_->ssl.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(state_->ssl.get());
        ERR_clear_error();
    }
    error_code ignored;
    state_->socket.shutdown(Socket::shutdown_send, ignored);
}

void TlsStream::close() noexcept {
    state_->close();
}

Hash TlsStream::exporter() const {
    constexpr std::string_view kLabel{"EXPORTER-Channel-Binding"};
    std::array<std::uint8_t, Hash::kSize> out{};
    if (SSL_export_keying_material(
            state_->ssl.get(), out.data(), out.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0
        ) != 1) {
        throw std::logic_error{"the TLS exporter was asked for before the handshake"};
    }
    return Hash{out};
}

void beast_close_socket(TlsStream& stream) {
    stream.close();
}

void teardown(boost::beast::role_type, TlsStream& stream, boost::system::error_code& error) {
    stream.shutdown();
    error = {};
}

}  // namespace wardline::server
