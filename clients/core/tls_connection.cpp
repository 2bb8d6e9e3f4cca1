#include "clients/core/connection.hpp"
#include "clients/core/tls_client.hpp"
#include "protocol/base/cbor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

// The one file of the clients that includes Beast.
namespace wardline::client {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = net::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using WebSocket = websocket::stream<TlsStream>;

constexpr auto kQuiet = net::as_tuple(net::use_awaitable);
// Pushes that wait for a program that does not take them; beyond it the connection is dropped, and
// sync catches up.
constexpr std::size_t kPushesMax = 4'096;

Error unreachable(const Endpoint& endpoint, const std::string& why) {
    return Error{Code::unreachable, "the server " + endpoint.text() + " cannot be reached: " + why};
}

Error failed_handshake(const Endpoint& endpoint, const ServerCheck& check, const std::string& why) {
    if (!check.wrong_key) return unreachable(endpoint, why);
    return Error{
        Code::trust_alarm,
        "the server " + endpoint.text() +
            " does not have the key that this clinic's invites name; it may be an impostor"
    };
}

// One connection over TLS on an io_context of the caller's.
struct Transport {
    explicit Transport(const Endpoint& where) : endpoint{where} {
        check.pin = where.pin;
        configure_tls(context, check);
    }

    net::awaitable<Result<void>> connect(TlsStream& stream, Milliseconds limit) {
        if (!expect_name(stream.native_handle(), endpoint))
            co_return unreachable(endpoint, "its name cannot be checked");
        auto& lowest = beast::get_lowest_layer(stream);
        tcp::resolver resolver{co_await net::this_coro::executor};
        lowest.expires_after(limit);
        const auto [lost, found] =
            co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), kQuiet);
        if (lost) co_return unreachable(endpoint, lost.message());
        const auto [refused, peer] = co_await lowest.async_connect(found, kQuiet);
        if (refused) co_return unreachable(endpoint, refused.message());
        boost::system::error_code ignored;
        lowest.socket().set_option(tcp::no_delay{true}, ignored);
        const auto [failed] =
            co_await stream.async_handshake(net::ssl::stream_base::client, kQuiet);
        if (failed) co_return failed_handshake(endpoint, check, failed.message());
        co_return success();
    }

    Endpoint endpoint;
    ServerCheck check;
    net::ssl::context context{net::ssl::context::tls_client};
};

class TlsConnection final : public Connection {
public:
    explicit TlsConnection(const Endpoint& endpoint)
        : transport_{endpoint}, socket_{io_, transport_.context} {}
    ~TlsConnection() override {
        close();
        if (thread_.joinable()) thread_.join();
    }
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;

    Result<void> start(Milliseconds limit) {
        thread_ = std::thread{[this] { run(); }};
        // The WebSocket's timer would keep the thread for half a minute behind the last word.
        net::co_spawn(
            io_,
            [this, limit] { return live(limit); },
            [this](const std::exception_ptr& broken) {
                if (broken) end(Error{Code::internal, "the connection failed"});
                io_.stop();
            }
        );
        net::post(io_, [this] { work_.reset(); });
        std::unique_lock lock{mutex_};
        const bool settled = changed_.wait_for(lock, limit, [this] { return greeted_ || ended_; });
        if (greeted_) return success();
        if (settled) return *ended_;
        return unreachable(transport_.endpoint, "no answer in time");
    }

    Result<Json> request(Json frame, Milliseconds limit) override {
        std::uint64_t id{0};
        {
            const std::lock_guard lock{mutex_};
            if (ended_) return *ended_;
            id = ++last_id_;
            frame["id"] = id;
            waiting_.emplace(id, std::nullopt);
        }
        Bytes bytes = cbor::encode(frame);
        net::post(io_, [this, sent = std::move(bytes)]() mutable { enqueue(std::move(sent)); });
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, limit, [&] {
            return waiting_.at(id).has_value() || ended_.has_value();
        });
        auto node = waiting_.extract(id);
        if (node.mapped()) return answer_of(std::move(*node.mapped()));
        if (ended_) return *ended_;
        return unreachable(transport_.endpoint, "it did not answer in time");
    }

    Result<std::optional<Json>> next_push(Milliseconds wait) override {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, wait, [this] {
            return !pushes_.empty() || ended_ || interrupted_;
        });
        interrupted_ = false;
        if (!pushes_.empty()) {
            Json push = std::move(pushes_.front());
            pushes_.pop_front();
            return std::optional<Json>{std::move(push)};
        }
        if (ended_) return *ended_;
        return std::optional<Json>{};
    }

    void interrupt() override {
        const std::lock_guard lock{mutex_};
        interrupted_ = true;
        changed_.notify_all();
    }

    void close() override {
        end(Error{Code::unreachable, "the connection was closed"});
        net::post(io_, [this] { shut(); });
    }

    const Json& hello() const override { return hello_; }
    std::optional<std::array<std::uint8_t, 32>> binding() const override { return binding_; }

private:
    static Result<Json> answer_of(Json frame) {
        const auto type = frame.find("t");
        if (type != frame.end() && *type == "error") return error_of_frame(frame);
        return frame;
    }

    void run() {
        try {
            io_.run();
        } catch (const std::exception& broken) {
            end(Error{Code::internal, std::string{"the connection failed: "} + broken.what()});
        }
    }

    void end(const Error& why) {
        const std::lock_guard lock{mutex_};
        if (!ended_) ended_ = why;
        changed_.notify_all();
    }

    // In the connection's thread from here on.
    void shut() {
        boost::system::error_code ignored;
        beast::get_lowest_layer(socket_).socket().close(ignored);
    }

    void enqueue(Bytes frame) {
        outgoing_.push_back(std::move(frame));
        if (outgoing_.size() == 1 && open_)
            net::co_spawn(io_, [this] { return write(); }, net::detached);
    }

    net::awaitable<void> write() {
        while (!outgoing_.empty()) {
            const auto [failed, count] =
                co_await socket_.async_write(net::buffer(outgoing_.front()), kQuiet);
            if (failed) {
                end(unreachable(transport_.endpoint, failed.message()));
                shut();
                co_return;
            }
            outgoing_.pop_front();
        }
    }

    net::awaitable<void> live(Milliseconds limit) {
        const auto ready = co_await upgrade(limit);
        if (!ready) {
            end(ready.error());
            shut();
            co_return;
        }
        open_ = true;
        if (!outgoing_.empty()) net::co_spawn(io_, [this] { return write(); }, net::detached);
        beast::flat_buffer buffer;
        while (true) {
            const auto [failed, count] = co_await socket_.async_read(buffer, kQuiet);
            if (failed) {
                end(unreachable(transport_.endpoint, failed.message()));
                break;
            }
            const auto data = buffer.cdata();
            const auto frame =
                cbor::decode(BytesView{static_cast<const std::uint8_t*>(data.data()), data.size()});
            buffer.consume(buffer.size());
            if (!frame || !frame.value().is_object() || !take(frame.value())) {
                end(Error{
                    Code::unreachable,
                    "the server sent something that is not the protocol, or more than was taken"
                });
                break;
            }
        }
        shut();
    }

    net::awaitable<Result<void>> upgrade(Milliseconds limit) {
        auto connected = co_await transport_.connect(socket_.next_layer(), limit);
        if (!connected) co_return connected;
        beast::get_lowest_layer(socket_).expires_never();
        auto timeouts = websocket::stream_base::timeout::suggested(beast::role_type::client);
        timeouts.handshake_timeout = limit;
        timeouts.idle_timeout = std::chrono::seconds{60};
        timeouts.keep_alive_pings = true;
        socket_.set_option(timeouts);
        socket_.set_option(websocket::stream_base::decorator{[](websocket::request_type& request) {
            request.set(http::field::sec_websocket_protocol, "wardline.1");
            request.set(http::field::user_agent, "wardline/" WARDLINE_VERSION);
        }});
        socket_.binary(true);
        socket_.read_message_max(cbor::kItemBytesMax);
        const auto [failed] =
            co_await socket_.async_handshake(transport_.endpoint.text(), "/v1/ws", kQuiet);
        if (failed) co_return unreachable(transport_.endpoint, failed.message());
        binding_ = channel_binding(socket_.next_layer().native_handle());
        co_return success();
    }

    // False for a frame that nobody can want.
    bool take(const Json& frame) {
        const std::lock_guard lock{mutex_};
        const auto id = frame.find("id");
        if (!greeted_) {
            const auto type = frame.find("t");
            if (id != frame.end() || type == frame.end() || *type != "hello") return false;
            hello_ = frame;
            greeted_ = true;
        } else if (id == frame.end()) {
            if (pushes_.size() >= kPushesMax) return false;
            pushes_.push_back(frame);
        } else if (id->is_number_unsigned()) {
            const auto waiter = waiting_.find(id->get<std::uint64_t>());
            if (waiter != waiting_.end())
                waiter->second = frame;  // Else its caller has stopped waiting.
        }
        changed_.notify_all();
        return true;
    }

    net::io_context io_{1};
    std::optional<net::executor_work_guard<net::io_context::executor_type>> work_{
        net::make_work_guard(io_)
    };
    Transport transport_;
    WebSocket socket_;
    std::deque<Bytes> outgoing_;
    bool open_{false};
    std::thread thread_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Error> ended_;
    bool greeted_{false};
    bool interrupted_{false};
    std::uint64_t last_id_{0};
    std::map<std::uint64_t, std::optional<Json>> waiting_;
    std::deque<Json> pushes_;
    Json hello_;
    std::optional<std::array<std::uint8_t, 32>> binding_;
};

net::awaitable<void> post_once(
    Transport& transport,
    std::string path,
    Bytes body,
    Milliseconds limit,
    std::optional<Result<http::response<http::string_body>>>& out
) {
    TlsStream stream{co_await net::this_coro::executor, transport.context};
    auto connected = co_await transport.connect(stream, limit);
    if (!connected) {
        out.emplace(connected.error());
        co_return;
    }
    http::request<http::string_body> request{http::verb::post, path, 11};
    request.set(http::field::host, transport.endpoint.text());
    request.set(http::field::user_agent, "wardline/" WARDLINE_VERSION);
    request.set(http::field::content_type, "application/cbor");
    request.body() = std::string{as_text(body)};
    request.prepare_payload();
    beast::get_lowest_layer(stream).expires_after(limit);
    const auto [unsent, written] = co_await http::async_write(stream, request, kQuiet);
    if (unsent) {
        out.emplace(unreachable(transport.endpoint, unsent.message()));
        co_return;
    }
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(cbor::kItemBytesMax);
    const auto [unread, count] = co_await http::async_read(stream, buffer, parser, kQuiet);
    if (unread) {
        out.emplace(unreachable(transport.endpoint, unread.message()));
        co_return;
    }
    out.emplace(parser.release());
}

class TlsConnector final : public Connector {
public:
    Result<std::unique_ptr<Connection>> connect(const Endpoint& endpoint, Milliseconds limit)
        override {
        auto connection = std::make_unique<TlsConnection>(endpoint);
        WARDLINE_TRY(connection->start(limit));
        return std::unique_ptr<Connection>{std::move(connection)};
    }

    Result<Json> post(
        const Endpoint& endpoint, std::string_view path, const Json& body, Milliseconds limit
    ) override {
        net::io_context io{1};
        Transport transport{endpoint};
        std::optional<Result<http::response<http::string_body>>> out;
        net::co_spawn(
            io,
            [&] { return post_once(transport, std::string{path}, cbor::encode(body), limit, out); },
            net::detached
        );
        io.run();
        if (!out) return unreachable(endpoint, "no answer");
        if (!*out) return out->error();
        const auto& response = out->value();
        auto answer = cbor::decode(as_bytes(response.body()));
        if (!answer || !answer.value().is_object()) {
            return unreachable(
                endpoint, "it answered " + std::to_string(response.result_int()) + " without a map"
            );
        }
        if (response.result() != http::status::ok) return error_of_frame(answer.value());
        return answer;
    }
};

}  // namespace

Connector& tls_connector() {
    static TlsConnector connector;
    return connector;
}

}  // namespace wardline::client
