#include "server/device_session.hpp"

#include "protocol/crypto/crypto.hpp"
#include "protocol/wire/frames.hpp"
#include "server/acts/session_acts.hpp"
#include "server/metrics.hpp"
#include "server/request.hpp"
#include "server/services.hpp"

#include <chrono>
#include <utility>

namespace wardline::server {
namespace {

constexpr std::string_view kLogin = "login";
constexpr unsigned kRefusalsMax = 100;  // In a row, before a connection is closed.

Error rate_limited(std::chrono::milliseconds wait) {
    return Error{
        Code::rate_limited,
        "too many requests",
        {{"retry_after_ms", static_cast<std::uint64_t>(wait.count())}}
    };
}

}  // namespace

DeviceSession::DeviceSession(Services& services, std::shared_ptr<Peer> peer)
    : services_{services},
      connection_{std::make_shared<ClientConnection>(
          std::move(peer), crypto::random_fixed<trust::LoginNonce>(services.parts.random)
      )} {
    hello();
}

void DeviceSession::hello() {
    cbor::Json body{
        {"versions", {1}},
        {"features", {"live", "added-slots"}},
        {"nonce", cbor::binary(connection_->nonce().view())},
        {"time", services_.now().ms}
    };
    if (services_.record().founded()) {
        body["clinic"] = cbor::binary(services_.record().clinic().clinic().view());
    }
    connection_->push(wire::make_push("hello", std::move(body)));
}

void DeviceSession::received(Bytes bytes) {
    if (!connection_->alive()) return;
    auto frame = wire::parse_frame(bytes);
    if (!frame) {
        count_stranger(frame.error().code);
        connection_->push(wire::make_error(std::nullopt, frame.error()));
        return connection_->close(CloseCode::protocol_error, name_of(frame.error().code));
    }
    auto& [type, id, body] = frame.value();
    const bool rising = id && (!connection_->last_request || *connection_->last_request < *id);
    if (!rising) {
        return refuse(id, Error{Code::bad_frame, "a request has a number, and each a higher one"});
    }
    connection_->last_request = id;
    if (connection_->in_flight >= services_.parts.limits.in_flight_max) {
        return connection_->close(CloseCode::policy_violation, "too many requests in flight");
    }
    const auto* known = find_request_type(type);
    auto admitted =
        known == nullptr ? Result<void>{Error{Code::unknown_type, "no such request"}} : admit(type);
    if (!admitted) {
        services_.metrics.requests_refused.Increment();
        return refuse(id, admitted.error());
    }
    refused_in_a_row_ = 0;
    serve(
        services_, std::make_shared<Request>(services_, connection_, *known, *id, std::move(body))
    );
}

// Who goes on without heeding the answers is not served on: each refusal costs the server
// something.
void DeviceSession::refuse(std::optional<std::uint64_t> id, const Error& error) {
    count_stranger(error.code);
    connection_->push(wire::make_error(id, error));
    if (++refused_in_a_row_ >= kRefusalsMax)
        connection_->close(CloseCode::policy_violation, "too many requests were refused");
}

// Who has not logged in is nobody yet.
void DeviceSession::count_stranger(Code code) {
    if (!connection_->login()) services_.strangers.refused("request", code, services_.now());
}

Result<void> DeviceSession::admit(std::string_view type) {
    if (services_.stopping) return Error{Code::shutting_down, "the server is shutting down"};
    const auto& login = connection_->login();
    if (type == kLogin) {
        if (!login && !connection_->login_pending) return success();
        return Error{Code::bad_frame, "a connection logs in once"};
    }
    if (!login) return Error{Code::not_logged_in, "log in first"};
    const auto now = std::chrono::steady_clock::now();
    if (const auto wait = services_.limits.by_device.take(login->device, now)) {
        return rate_limited(*wait);
    }
    if (const auto wait = services_.limits.by_account.take(login->account_text, now)) {
        return rate_limited(*wait);
    }
    return success();
}

void DeviceSession::disconnected() {
    connection_->ended();
    const auto& login = connection_->login();
    if (!login) return;
    services_.router.left(*connection_);
    for (const auto& [thread, since] : connection_->open) {
        services_.file(std::make_unique<CloseAct>(login->device, thread));
    }
    connection_->open.clear();
    // A newer login of the same device says it already.
    if (connection_->was_replaced()) return;
    services_.file(std::make_unique<LogoutAct>(login->device));
    services_.journal.note_seen(login->device, services_.now());
}

}  // namespace wardline::server
