#include "server/net/ws_connection.hpp"

#include "server/net/linger.hpp"
#include "server/net/upgrade.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace wardline::server {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace http = beast::http;

constexpr std::size_t kFrameBytesMax = 131'072;
constexpr std::size_t kSlackBytes = 4'096;  // Of a queued frame's memory.
constexpr std::size_t kRoomBytes = 1'536;
constexpr std::size_t kBatchBytes = 65'536;  // What is collected in memory to be sent together.
constexpr std::size_t kReasonBytesMax = 123;
constexpr std::size_t kWaitingBytes = 256;  // Of memory, while the next message is awaited.
constexpr std::chrono::milliseconds kClosingTime{5'000};
constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);

using FrameBuffer = net::dynamic_vector_buffer<Bytes::value_type, Bytes::allocator_type>;

class WebSocketPeer final : public Peer,
                            public Endable,
                            public std::enable_shared_from_this<WebSocketPeer> {
public:
    WebSocketPeer(
        TlsStream stream,
        std::string address,
        UnauthenticatedCount::Place place,
        const NetServices& services
    )
        : services_{services},
          address_{std::move(address)},
          exporter_{stream.exporter()},
          place_{std::move(place)} {
        ws_.emplace(std::move(stream));
        open_.emplace(services, *this);
    }

    net::awaitable<bool> accept(const Upgrade& upgrade);
    net::awaitable<void> serve();

    bool push(Bytes frame) override;
    void close(CloseCode code, std::string_view reason) override;
    std::size_t queued_bytes() const override { return queued_bytes_; }
    net::awaitable<bool> room() override;
    void authenticated() override;
    const Hash& tls_exporter() const override { return exporter_; }
    const std::string& address() const override { return address_; }

    void end_gently() override { close(CloseCode::going_away, "the server is stopping"); }
    void end_at_once() noexcept override {
        if (ws_) tls().close();
    }

private:
    enum class Phase : std::uint8_t {
        open,
        closing,  // What is queued is sent, then the close frame.
        dropped,  // What is queued is forgotten, then the close frame.
        ended,
    };

    TlsStream& tls() { return ws_->next_layer(); }
    void start_writer();
    net::awaitable<void> write_queue(std::shared_ptr<WebSocketPeer> self);
    net::awaitable<bool> write_batch(std::vector<Bytes> batch);
    net::awaitable<bool> read_message(FrameBuffer& buffer);
    net::awaitable<void> read_frames(Session& session);
    net::awaitable<void> writer_gone();
    void sent(std::size_t bytes);
    void set_phase(Phase phase);

    const NetServices& services_;
    std::optional<websocket::stream<TlsStream, false>> ws_;  // Never compressed. Until the end.
    std::string address_;
    Hash exporter_;
    UnauthenticatedCount::Place place_;  // Until the login, or the end.
    std::optional<OpenEntry> open_;      // Until the end.
    Phase phase_{Phase::open};
    bool writing_{false};
    std::vector<Bytes> queue_;
    std::size_t queued_bytes_{0
    };  // Including what the writer has taken and not yet handed to the socket.
    websocket::close_reason reason_;
    std::unique_ptr<net::steady_timer> room_;     // While somebody waits for room.
    std::unique_ptr<net::steady_timer> written_;  // While the end waits for the writer.
};

net::awaitable<bool> WebSocketPeer::accept(const Upgrade& upgrade) {
    const Limits& limits = services_.limits;
    ws_->set_option(
        websocket::stream_base::timeout{limits.handshake_timeout, limits.idle_timeout, true}
    );
    ws_->set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
        response.set(
            http::field::sec_websocket_protocol,
            beast::string_view{kSubprotocol.data(), kSubprotocol.size()}
        );
        response.set(http::field::server, "wardlined");  // Or Beast names itself and its version.
    }));
    ws_->read_message_max(kFrameBytesMax);
    ws_->auto_fragment(false);
    ws_->binary(true);
    const auto [error] = co_await ws_->async_accept(upgrade.request, kAsTuple);
    // From here on Beast's timer ends a silent connection, and this one a connection that does not
    // log in.
    if (!error) tls().expires_after(limits.login_timeout);
    co_return !error;
}

bool WebSocketPeer::push(Bytes frame) {
    if (phase_ != Phase::open) return false;
    if (queued_bytes_ + frame.size() > services_.limits.queue_bytes_max) {
        services_.metrics.slow_consumers_dropped.Increment();
        reason_ = {websocket::close_code::try_again_later, "too slow; catch up later"};
        set_phase(Phase::dropped);
        return false;
    }
    // What has to wait takes no more memory than it counts for.
    if (writing_ && frame.capacity() - frame.size() > kSlackBytes) frame.shrink_to_fit();
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    start_writer();
    return true;
}

void WebSocketPeer::close(CloseCode code, std::string_view reason) {
    if (phase_ != Phase::open) return;
    reason_ = {
        static_cast<websocket::close_code>(code),
        beast::string_view{reason.data(), std::min(reason.size(), kReasonBytesMax)}
    };
    set_phase(Phase::closing);
}

void WebSocketPeer::set_phase(Phase phase) {
    phase_ = phase;
    room_.reset();
    if (phase == Phase::closing || phase == Phase::dropped) {
        tls().expires_after(kClosingTime);
        start_writer();
    }
    if (phase != Phase::closing) {
        for (const Bytes& frame : queue_) queued_bytes_ -= frame.size();
        std::vector<Bytes>{}.swap(queue_);
    }
}

void WebSocketPeer::authenticated() {
    if (phase_ != Phase::open) return;
    tls().expires_never();
    place_ = {};
}

net::awaitable<bool> WebSocketPeer::room() {
    const auto self = shared_from_this();
    while (phase_ == Phase::open && queued_bytes_ > services_.limits.queue_bytes_max / 2) {
        if (!room_) {
            room_ = std::make_unique<net::steady_timer>(
                ws_->get_executor(), net::steady_timer::time_point::max()
            );
        }
        co_await room_->async_wait(kAsTuple);
    }
    co_return phase_ == Phase::open;
}

void WebSocketPeer::sent(std::size_t bytes) {
    queued_bytes_ -= bytes;
    if (queued_bytes_ <= services_.limits.queue_bytes_max / 2) room_.reset();
}

// The writer lives only while there is something to send, so that an idle connection does not pay
// for it.
void WebSocketPeer::start_writer() {
    if (std::exchange(writing_, true)) return;
    services_.tasks.spawn(write_queue(shared_from_this()));
}

net::awaitable<void> WebSocketPeer::write_queue(std::shared_ptr<WebSocketPeer> self) {
    // Whatever the present handler still has to push goes along.
    co_await net::post(ws_->get_executor(), net::use_awaitable);
    bool usable = true;
    while (usable && !queue_.empty()) usable = co_await write_batch(std::exchange(queue_, {}));
    if (usable && (phase_ == Phase::closing || phase_ == Phase::dropped)) {
        co_await ws_->async_close(reason_, kAsTuple);
    }
    writing_ = false;
    written_.reset();
    if (!usable) tls().close();
}

net::awaitable<bool> WebSocketPeer::write_batch(std::vector<Bytes> batch) {
    std::size_t unsent = 0;  // Collected in the stream.
    for (std::size_t at = 0; at < batch.size(); ++at) {
        Bytes frame = std::exchange(batch[at], {});
        if (phase_ == Phase::dropped || phase_ == Phase::ended) {
            sent(frame.size());
            continue;
        }
        const bool together = unsent != 0 || (at + 1 < batch.size() && frame.size() < kBatchBytes);
        if (together && unsent == 0) tls().cork();
        const auto [error, bytes] = co_await ws_->async_write(net::buffer(frame), kAsTuple);
        services_.metrics.frames_sent.Increment();
        services_.metrics.bytes_sent.Increment(static_cast<double>(frame.size()));
        if (error) {
            set_phase(Phase::ended);  // First, so that nobody who waits for room finds it.
            for (; at < batch.size(); ++at) sent(batch[at].size());
            sent(unsent + frame.size());
            co_return false;
        }
        if (!together) {
            sent(frame.size());
            continue;
        }
        unsent += frame.size();
        if (at + 1 == batch.size() || unsent >= kBatchBytes) {
            const auto [failed] = co_await tls().async_flush(kAsTuple);
            if (failed) set_phase(Phase::ended);
            sent(std::exchange(unsent, 0));
            if (failed) co_return false;
        }
    }
    if (unsent != 0) {
        const auto [failed] = co_await tls().async_flush(kAsTuple);
        if (failed) set_phase(Phase::ended);
        sent(unsent);
        if (failed) co_return false;
    }
    co_return true;
}

// False when the connection has ended. It waits with a small buffer, since most connections do
// nothing but wait; the rest of a message gets the room that it needs.
net::awaitable<bool> WebSocketPeer::read_message(FrameBuffer& buffer) {
    const auto [error, bytes] = co_await ws_->async_read_some(buffer, kWaitingBytes, kAsTuple);
    if (error || ws_->is_message_done()) co_return !error;
    const auto [broken, more] = co_await ws_->async_read(buffer, kAsTuple);
    co_return !broken;
}

net::awaitable<void> WebSocketPeer::read_frames(Session& session) {
    for (;;) {
        Bytes frame;
        // Room beyond the largest message, or Beast, which wants some at every read, would break
        // off without a close frame where a full message is followed by a further fragment.
        auto buffer = net::dynamic_buffer(frame, kFrameBytesMax + kRoomBytes);
        if (!co_await read_message(buffer)) co_return;
        if (phase_ != Phase::open) continue;  // Reads on for the client's close frame only.
        services_.metrics.frames_received.Increment();
        services_.metrics.bytes_received.Increment(static_cast<double>(frame.size()));
        if (ws_->got_text()) {
            close(CloseCode::unsupported_data, "frames are binary");
            continue;
        }
        session.received(std::move(frame));
        if (queued_bytes_ > services_.limits.queue_bytes_max / 2) co_await room();
    }
}

net::awaitable<void> WebSocketPeer::serve() {
    const auto self = shared_from_this();
    services_.metrics.websockets.Increment();
    std::unique_ptr<Session> session;
    try {
        session = services_.sessions.connected(self);
        co_await read_frames(*session);
    } catch (const std::exception& fault) {
        services_.log.error("session_failed", {LogField::reason(fault.what())});
        services_.metrics.faults.Increment();
        close(CloseCode::internal_error, "a fault of the server");
    }
    // A close frame of ours may still be on its way when only the reader has ended; kClosingTime
    // bounds the wait.
    if (phase_ != Phase::open) co_await writer_gone();
    set_phase(Phase::ended);
    if (session) session->disconnected();
    session.reset();
    services_.metrics.websockets.Decrement();
    co_await close_after_last_words(tls());
    co_await writer_gone();
    // Somebody may keep the Peer; the connection's memory and its place among the others are given
    // back now.
    open_.reset();
    place_ = {};
    ws_.reset();
}

net::awaitable<void> WebSocketPeer::writer_gone() {
    while (writing_) {
        written_ = std::make_unique<net::steady_timer>(
            ws_->get_executor(), net::steady_timer::time_point::max()
        );
        co_await written_->async_wait(kAsTuple);
    }
}

}  // namespace

net::awaitable<void> serve_websocket(
    TlsStream stream,
    UpgradePtr upgrade,
    std::string address,
    UnauthenticatedCount::Place place,
    const NetServices& services
) {
    const auto peer = std::make_shared<WebSocketPeer>(
        std::move(stream), std::move(address), std::move(place), services
    );
    const bool accepted = co_await peer->accept(*upgrade);
    upgrade.reset();
    if (accepted) co_await peer->serve();
}

}  // namespace wardline::server
