#include "server/http_api.hpp"

#include "protocol/wire/frames.hpp"
#include "server/handlers/http_handlers.hpp"
#include "server/metrics.hpp"
#include "server/services.hpp"

#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace wardline::server {
namespace {

using Handler = storage::Task<Bytes> (*)(Services&, cbor::Json body);

struct Route {
    std::string_view path;
    LogEvent logged;
    std::string_view act;  // In the trail, of what is refused.
    Handler handler;
};
constexpr std::array kRoutes{
    Route{"/v1/setup", "setup", "setup", handlers::setup},
    Route{"/v1/setup/info", "setup_info", "setup", handlers::setup_info},
    Route{"/v1/enrol/begin", "enrol_begin", "enrol", handlers::enrol_begin},
    Route{"/v1/enrol/finish", "enrol_finish", "enrol", handlers::enrol_finish},
};

HttpResponse failed(const Error& error) {
    return {
        wire::http_status(error.code), "application/cbor", cbor::encode(wire::error_body(error))
    };
}

HttpResponse plain(unsigned status, std::string_view line) {
    const auto bytes = as_bytes(line);
    return {status, "text/plain; charset=utf-8", Bytes{bytes.begin(), bytes.end()}};
}

HttpResponse readiness(const Services& services) {
    if (services.stopping) return plain(503, "shutting down\n");
    if (services.disk.low()) return plain(503, "the disk is full\n");
    if (!services.journal.available()) return plain(503, "the database is away\n");
    if (services.journal.read_only()) return plain(503, "the disk is full\n");
    return plain(200, "ready\n");
}

Error with_retry(Error error) {
    if (error.code != Code::unavailable || error.extra) return error;
    return Error{error.code, std::move(error.detail), {{"retry_after_ms", 1'000}}};
}

// The client is told nothing of the reason but where it stands in the log.
Error logged_fault(Services& services, const Route& route, std::string_view reason) {
    Bytes raw(8);
    services.parts.random.fill(raw);
    const auto ref = to_hex(raw);
    services.metrics.faults.Increment();
    services.log.error(
        "http_fault",
        {LogField::request(route.logged), LogField::ref(ref), LogField::reason(reason)}
    );
    return Error{Code::internal, "a fault of the server", {{"ref", ref}}};
}

net::awaitable<HttpResponse> post(Services& services, const Route& route, HttpRequest request) {
    if (services.stopping) co_return failed(Error{Code::shutting_down, "shutting down"});
    auto body = cbor::decode(request.body);
    if (body && !body.value().is_object()) body = Error{Code::bad_frame, "a body is a map"};
    if (!body) {
        services.strangers.refused(route.act, body.error().code, services.now());
        co_return failed(body.error());
    }
    ++services.accepted;
    std::string fault;
    auto answer = Result<Bytes>{Error{Code::internal, "a fault of the server"}};
    try {
        answer = co_await route.handler(services, std::move(body).value());
    } catch (const std::exception& thrown) {
        fault = thrown.what();
    }
    --services.accepted;
    if (answer) co_return HttpResponse{200, "application/cbor", std::move(answer).value()};
    const auto code = answer.error().code;
    if (code == Code::internal || !is_published(code)) {
        const std::string& reason = fault.empty() ? answer.error().detail : fault;
        co_return failed(logged_fault(services, route, reason));
    }
    services.metrics.requests_refused.Increment();
    services.strangers.refused(route.act, code, services.now());
    co_return failed(with_retry(std::move(answer).error()));
}

}  // namespace

net::awaitable<HttpResponse> HttpApi::handle(HttpRequest request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (path == "/healthz" && get) co_return plain(200, "ok\n");
    if (path == "/readyz" && get) co_return readiness(services_);
    for (const auto& route : kRoutes) {
        if (route.path != path) continue;
        if (request.method != "POST") co_return plain(405, "POST only\n");
        co_return co_await post(services_, route, std::move(request));
    }
    co_return failed(Error{Code::not_found, "no such thing"});
}

}  // namespace wardline::server
