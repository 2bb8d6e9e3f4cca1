#include "server/net/http_connection.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"
#include "server/net/linger.hpp"
#include "server/net/request_check.hpp"
#include "server/net/upgrade.hpp"
#include "server/net/ws_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace wardline::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Body = http::vector_body<std::uint8_t>;
using Parser = http::request_parser<Body>;
using Request = http::request<Body>;

constexpr std::uint32_t kHeaderBytesMax = 8'192;
constexpr std::uint64_t kBodyBytesMax = 131'072;
constexpr std::string_view kWebSocketTarget{"/v1/ws"};
constexpr std::string_view kWebSocketVersion{"13"};
constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

HttpResponse refusal(unsigned status, Code code, std::string_view sentence) {
    const cbor::Json body{{"code", name_of(code)}, {"message", sentence}};
    return {.status = status, .content_type = "application/cbor", .body = cbor::encode(body)};
}

HttpResponse too_many(std::chrono::milliseconds wait) {
    const cbor::Json body{
        {"code", name_of(Code::rate_limited)},
        {"message", "too many requests from this address"},
        {"retry_after_ms", static_cast<std::uint64_t>(wait.count())}
    };
    return {.status = 429, .content_type = "application/cbor", .body = cbor::encode(body)};
}

// What to say about a request that could not be read; nothing when the client is simply gone.
std::optional<HttpResponse> unreadable(const boost::system::error_code& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error == http::error::header_limit)
        return refusal(431, Code::too_large, "the header is over 8 KiB");
    if (error == http::error::body_limit)
        return refusal(413, Code::too_large, "the body is over 128 KiB");
    if (error.category() == make_error_code(http::error::bad_method).category()) {
        return refusal(400, Code::bad_frame, "this is not an HTTP/1.1 request");
    }
    return std::nullopt;
}

bool offers_subprotocol(const Request& request) {
    const http::token_list offered{request[http::field::sec_websocket_protocol]};
    return std::ranges::any_of(offered, [](beast::string_view name) {
        return view(name) == kSubprotocol;
    });
}

// Not counted: monitors ask all the time, and when a server returns, all of a clinic's devices come
// back from one address within seconds; what they may do before a login is limited elsewhere.
bool is_free(const Request& request) {
    const auto target = view(request.target());
    return target == "/healthz" || target == "/readyz" || target == kWebSocketTarget;
}

// A page of another site has no business here, and says so in any Origin field it sends.
bool may_ask(const Request& request, const std::vector<std::string>& allowed) {
    const auto [first, last] = request.equal_range(http::field::origin);
    return std::all_of(first, last, [&allowed](const auto& origin) {
        return std::ranges::find(allowed, view(origin.value())) != allowed.end();
    });
}

// Why the request is no opening handshake of ours; nothing when it is one.
std::optional<HttpResponse> refuse_upgrade(const Request& request) {
    if (!beast::websocket::is_upgrade(request))
        return refusal(426, Code::bad_frame, "this address is a WebSocket");
    if (only_value(request, http::field::sec_websocket_version) != kWebSocketVersion)
        return refusal(426, Code::bad_frame, "the WebSocket version must be 13");
    if (const auto why = malformed_upgrade(request)) return refusal(400, Code::bad_frame, *why);
    if (!offers_subprotocol(request))
        return refusal(400, Code::bad_frame, "the subprotocol must be wardline.1");
    return std::nullopt;
}

}  // namespace

void DeleteUpgrade::operator()(Upgrade* upgrade) const noexcept {
    delete upgrade;
}

HttpConnection::HttpConnection(TlsStream& stream, std::string address, const NetServices& services)
    : stream_{stream}, address_{std::move(address)}, services_{services}, open_{services, *this} {}

void HttpConnection::end_gently() {
    ending_ = true;
    if (!answering_) stream_.close();
}

void HttpConnection::end_at_once() noexcept {
    ending_ = true;
    stream_.close();
}

// Everything that is decided before anybody is asked for an answer; nothing when the request may
// pass.
static std::optional<HttpResponse> refuse_early(
    const Request& request, const std::string& address, const NetServices& services
) {
    if (!may_ask(request, services.allowed_origins))
        return refusal(403, Code::forbidden, "this origin may not use the server");
    if (!is_free(request)) {
        const auto wait =
            services.http_by_address.take(limit_key(address), std::chrono::steady_clock::now());
        if (wait) {
            services.metrics.http_rate_limited.Increment();
            return too_many(*wait);
        }
    }
    if (view(request.target()) != kWebSocketTarget) return std::nullopt;
    return refuse_upgrade(request);
}

static net::awaitable<HttpResponse> ask(
    const Request& request, const std::string& address, const NetServices& services
) {
    std::string ref;
    try {
        HttpRequest asked;
        asked.method = request.method() == http::verb::head
                           ? "GET"
                           : std::string{view(request.method_string())};
        asked.target = view(request.target());
        asked.content_type = view(request[http::field::content_type]);
        asked.body = request.body();
        asked.address = address;
        co_return co_await services.http.handle(std::move(asked));
    } catch (const std::exception& fault) {
        ref = crypto::random_fixed<MessageId>(crypto::system_random()).hex();
        services.log.error("http_fault", {LogField::ref(ref), LogField::reason(fault.what())});
        services.metrics.faults.Increment();
    }
    const cbor::Json body{
        {"code", name_of(Code::internal)}, {"message", "a fault of the server"}, {"ref", ref}
    };
    co_return HttpResponse{
        .status = 500, .content_type = "application/cbor", .body = cbor::encode(body)
    };
}

// False when the connection is of no more use.
static net::awaitable<bool> answer(
    TlsStream& stream, HttpResponse given, unsigned version, bool head, bool keep
) {
    http::response<Body> response{http::int_to_status(given.status), version};
    response.set(http::field::content_type, given.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (given.status == 426) {
        response.set(http::field::upgrade, "websocket");
        response.set(http::field::sec_websocket_version, "13");
    }
    response.keep_alive(keep);
    response.content_length(given.body.size());
    if (!head) response.body() = std::move(given.body);
    const auto [error, bytes] = co_await http::async_write(stream, response, kAsTuple);
    co_return keep && !error;
}

net::awaitable<UpgradePtr> HttpConnection::serve() {
    beast::flat_buffer buffer{kHeaderBytesMax + kBodyBytesMax};
    bool keep = true;
    while (keep && !ending_) {
        Parser parser;
        parser.header_limit(kHeaderBytesMax);
        parser.body_limit(kBodyBytesMax);
        stream_.expires_after(services_.limits.http_timeout);
        const auto [error, bytes] = co_await http::async_read(stream_, buffer, parser, kAsTuple);
        if (ending_) break;
        if (error) {
            auto response = unreadable(error);
            if (!response) break;
            services_.metrics.http_requests.Increment();
            co_await answer(stream_, std::move(*response), 11, false, false);
            co_await close_after_last_words(stream_);
            co_return nullptr;
        }
        services_.metrics.http_requests.Increment();
        const bool read_as_chunks = parser.chunked();
        const Request request = parser.release();
        if (const auto why = malformed(request, read_as_chunks)) {
            co_await answer(stream_, refusal(400, Code::bad_frame, *why), 11, false, false);
            break;
        }
        auto refused = refuse_early(request, address_, services_);
        if (!refused && view(request.target()) == kWebSocketTarget) {
            if (buffer.size() != 0) break;  // It spoke before it was granted the WebSocket.
            stream_.expires_never();
            UpgradePtr upgrade{new Upgrade};
            upgrade->request.base() = request.base();
            co_return upgrade;
        }
        answering_ = true;
        const bool refused_early = refused.has_value();
        HttpResponse response;
        if (refused_early) {
            response = std::move(*refused);
        } else {
            response = co_await ask(request, address_, services_);
        }
        keep = request.keep_alive() && !ending_;
        stream_.expires_after(services_.limits.http_timeout);
        keep = co_await answer(
            stream_,
            std::move(response),
            request.version(),
            request.method() == http::verb::head,
            keep
        );
        answering_ = false;
    }
    co_await close_after_last_words(stream_);
    co_return nullptr;
}

}  // namespace wardline::server
