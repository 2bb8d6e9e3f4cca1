#pragma once

#include "protocol/base/ids.hpp"
#include "server/connection.hpp"
#include "server/net/tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

// TLS over a TCP socket, for Asio and Beast (it is an AsyncStream), with nothing held while idle:
// OpenSSL reads and writes the non-blocking socket itself, after a wait for it to be ready, and
// gives its buffers back. asio::ssl::stream keeps four buffers of 17 KiB for life instead. At most
// one read and one write at a time; one thread.
namespace wardline::server {

class TlsStream {
    struct State;

public:
    using executor_type = net::any_io_executor;
    using Socket = net::ip::tcp::socket;

    TlsStream(Socket socket, const TlsContext& context);

    executor_type get_executor() const noexcept;

    // The server's side of the handshake: void(error_code).
    template <class Token>
    auto async_handshake(Token&& token) {
        return net::async_compose<Token, void(boost::system::error_code)>(
            HandshakeOperation{state_}, token, get_executor()
        );
    }
    // void(error_code, size_t).
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return net::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            ReadOperation{state_, first_of(buffers)}, token, get_executor()
        );
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return net::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            WriteOperation<Buffers>{state_, buffers}, token, get_executor()
        );
    }

    // From here on writes are collected in memory and complete at once, until async_flush sends
    // them together and ends this. So many small frames share a TLS record and a system call.
    void cork();
    // Bytes collected and not yet sent.
    std::size_t corked_bytes() const noexcept;
    // Sends what was collected, also what is added meanwhile: void(error_code).
    template <class Token>
    auto async_flush(Token&& token) {
        return net::async_compose<Token, void(boost::system::error_code)>(
            FlushOperation{state_}, token, get_executor()
        );
    }

    // The socket is closed when this time has passed, unless it is called again; what was under way
    // ends with an error.
    void expires_after(std::chrono::milliseconds time);
    void expires_never() noexcept;

    // Tells the client that nothing follows (close_notify and FIN), without waiting.
    void shutdown() noexcept;
    // Ends everything at once; what is under way ends with an error.
    void close() noexcept;

    // EXPORTER-Channel-Binding (RFC 9266); after the handshake.
    Hash exporter() const;
    Socket& socket() noexcept;

private:
    enum class Step : std::uint8_t { done, wait_read, wait_write };
    struct Progress {
        Step step;
        std::size_t bytes{0};
        boost::system::error_code error;
    };

    static Progress try_handshake(State& state);
    static Progress try_read(State& state, net::mutable_buffer into);
    static Progress try_write(State& state, net::const_buffer from);
    static Progress try_flush(State& state);
    static bool has_pending(const State& state);
    static bool is_corked(const State& state);
    static void collect(State& state, net::const_buffer bytes);
    static Socket& socket_of(State& state);
    // A place for one record, shared by all streams of the thread, since it is only used within one
    // call.
    static std::span<std::uint8_t> record();

    template <class Buffers>
    static net::mutable_buffer first_of(const Buffers& buffers) {
        const auto end = net::buffer_sequence_end(buffers);
        for (auto at = net::buffer_sequence_begin(buffers); at != end; ++at) {
            const net::mutable_buffer buffer{*at};
            if (buffer.size() != 0) return buffer;
        }
        return {};
    }
    // One contiguous piece for one TLS record: the only buffer itself, or a copy of the first 16
    // KiB of all.
    template <class Buffers>
    static net::const_buffer gather(const Buffers& buffers) {
        const auto begin = net::buffer_sequence_begin(buffers);
        const auto end = net::buffer_sequence_end(buffers);
        if (begin != end && std::next(begin) == end) return net::const_buffer{*begin};
        const auto into = record();
        const std::size_t size = net::buffer_copy(net::buffer(into.data(), into.size()), buffers);
        return {into.data(), size};
    }
    template <class Self>
    static void wait(Step step, State& state, Self& self) {
        const auto what = step == Step::wait_read ? Socket::wait_read : Socket::wait_write;
        socket_of(state).async_wait(what, std::move(self));
    }

    // The operations keep the state alive. Each ends in a handler that was not called from its
    // initiating function.
    struct HandshakeOperation {
        std::shared_ptr<State> state;
        bool begun{false};

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            if (!begun) {
                begun = true;
                return wait(Step::wait_read, *state, self);
            }
            if (error) return self.complete(error);
            const Progress progress = try_handshake(*state);
            if (progress.step != Step::done) return wait(progress.step, *state, self);
            self.complete(progress.error);
        }
    };
    struct ReadOperation {
        std::shared_ptr<State> state;
        net::mutable_buffer into;
        bool begun{false};

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            if (!begun) {
                begun = true;
                if (into.size() == 0 || has_pending(*state)) return net::post(std::move(self));
                return wait(Step::wait_read, *state, self);
            }
            if (error || into.size() == 0) return self.complete(error, 0);
            const Progress progress = try_read(*state, into);
            if (progress.step != Step::done) return wait(progress.step, *state, self);
            self.complete(progress.error, progress.bytes);
        }
    };
    template <class Buffers>
    struct WriteOperation {
        std::shared_ptr<State> state;
        Buffers buffers;
        bool begun{false};
        Progress progress{Step::done, 0, {}};

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            const bool first = !std::exchange(begun, true);
            if (first && is_corked(*state)) {
                const auto end = net::buffer_sequence_end(buffers);
                for (auto at = net::buffer_sequence_begin(buffers); at != end; ++at)
                    collect(*state, *at);
                progress.bytes = net::buffer_size(buffers);
                return net::post(std::move(self));
            }
            if (error) return self.complete(error, 0);
            if (first || progress.step != Step::done) {
                progress = try_write(*state, gather(buffers));
                if (progress.step != Step::done) return wait(progress.step, *state, self);
                if (first) return net::post(std::move(self));
            }
            self.complete(progress.error, progress.bytes);
        }
    };
    struct FlushOperation {
        std::shared_ptr<State> state;
        bool begun{false};
        Progress progress{Step::done, 0, {}};

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            const bool first = !std::exchange(begun, true);
            if (error) return self.complete(error);
            if (first || progress.step != Step::done) {
                progress = try_flush(*state);
                if (progress.step != Step::done) return wait(progress.step, *state, self);
                if (first) return net::post(std::move(self));
            }
            self.complete(progress.error);
        }
    };

    std::shared_ptr<State> state_;
};

// What Beast's WebSocket asks of a stream: how to end it, and what to close when a time has passed.
void beast_close_socket(TlsStream& stream);
void teardown(boost::beast::role_type role, TlsStream& stream, boost::system::error_code& error);
template <class Handler>
void async_teardown(boost::beast::role_type, TlsStream& stream, Handler&& handler) {
    stream.shutdown();
    net::post(stream.get_executor(), [handler = std::forward<Handler>(handler)]() mutable {
        handler(boost::system::error_code{});
    });
}

}  // namespace wardline::server
