#include "server/request.hpp"

#include "protocol/wire/frames.hpp"
#include "server/metrics.hpp"
#include "server/services.hpp"

#include <exception>
#include <utility>

namespace wardline::server {
namespace {

constexpr std::uint64_t kRetryAfterMs = 1'000;

// Where a wait would help, says how long.
Error with_retry(const Error& error) {
    if (error.code != Code::unavailable || error.extra) return error;
    return Error{error.code, error.detail, {{"retry_after_ms", kRetryAfterMs}}};
}

Error fault(Services& services, const RequestType& type, std::string_view what) {
    Bytes raw(8);
    services.parts.random.fill(raw);
    const auto ref = to_hex(raw);
    services.metrics.faults.Increment();
    services.log.error(
        "request_fault",
        {LogField::request(type.logged), LogField::ref(ref), LogField::reason(what)}
    );
    return Error{Code::internal, "a fault of the server", {{"ref", ref}}};
}

net::awaitable<void> run(Services& services, SharedRequest request) {
    std::optional<Error> failed;
    try {
        auto frame = co_await request->type().read(services, request);
        if (frame) {
            request->answer(std::move(frame).value());
            co_return;
        }
        failed = std::move(frame).error();
    } catch (const std::exception& thrown) {
        failed = fault(services, request->type(), thrown.what());
    }
    request->refuse(*failed);
}

}  // namespace

Request::Request(
    Services& services,
    std::shared_ptr<ClientConnection> connection,
    const RequestType& type,
    std::uint64_t id,
    cbor::Json body
)
    : services_{&services},
      connection_{std::move(connection)},
      type_{&type},
      id_{id},
      body_{std::move(body)} {
    ++connection_->in_flight;
    ++services_->accepted;
}

void Request::finish() {
    --connection_->in_flight;
    --services_->accepted;
    if (std::exchange(large_, false)) connection_->end_large();
}

net::awaitable<void> Request::room() {
    co_await connection_->begin_large();
    large_ = true;
    (void)co_await connection_->peer().room();
}

void Request::answer(Bytes frame) {
    finish();
    connection_->push(std::move(frame));
}

void Request::answer_login(Bytes frame) {
    finish();
    connection_->release(std::move(frame));
}

void Request::refuse(const Error& error) {
    finish();
    auto told = with_retry(error);
    const bool unexplained = told.code == Code::internal && !told.extra;
    if (unexplained || !is_published(told.code)) told = fault(*services_, *type_, told.detail);
    services_->metrics.requests_refused.Increment();
    if (told.code == Code::rate_limited) services_->metrics.requests_rate_limited.Increment();
    services_->log.debug(
        "request_refused",
        {LogField::request(type_->logged), LogField::code(told.code), LogField::reason(error.detail)
        }
    );
    connection_->push(wire::make_error(id_, told));
}

Bytes Request::frame(cbor::Json fields) const {
    return wire::make_answer(type_->name, id_, std::move(fields));
}

void serve(Services& services, SharedRequest request) {
    services.metrics.requests.Increment();
    if (request->type().read != nullptr) {
        services.tasks.spawn(run(services, std::move(request)));
        return;
    }
    try {
        request->type().act(services, request);
    } catch (const std::exception& thrown) {
        request->refuse(fault(services, request->type(), thrown.what()));
    }
}

}  // namespace wardline::server
