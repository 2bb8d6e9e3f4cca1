#include "server/client_connection.hpp"

#include "protocol/wire/frames.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace wardline::server {
namespace {

// What may be pushed while the answer to a login is being prepared: a few milliseconds.
constexpr std::size_t kHeldMax = 1'024;
// Each at most 128 KiB beside the half of a queue (1 MiB) at which the next one waits for room.
constexpr unsigned kLargeMax = 3;

}  // namespace

void ClientConnection::logged_in(LoggedIn who) {
    login_ = std::move(who);
    holding_ = true;
}

void ClientConnection::release(Bytes first) {
    holding_ = false;
    if (!first.empty()) push(std::move(first));
    for (auto& frame : std::exchange(held_, {})) push(std::move(frame));
}

bool ClientConnection::push(Bytes frame) {
    if (!alive_) return false;
    if (!holding_) return peer_->push(std::move(frame));
    if (held_.size() >= kHeldMax) {
        close(CloseCode::try_again_later, "too much to catch up with");
        return false;
    }
    held_.push_back(std::move(frame));
    return true;
}

void ClientConnection::bye(Code code, CloseCode close_code) {
    bye(name_of(code), close_code);
}

void ClientConnection::replaced() {
    replaced_ = true;
    bye("replaced", CloseCode::policy_violation);
}

void ClientConnection::bye(std::string_view code, CloseCode close_code) {
    if (!alive_) return;
    cbor::Json body{{"code", code}, {"retry_after_ms", 0}};
    peer_->push(wire::make_push("bye", std::move(body)));
    close(close_code, code);
}

void ClientConnection::close(CloseCode code, std::string_view reason) {
    if (!alive_) return;
    ended();
    peer_->close(code, reason);
}

void ClientConnection::ended() noexcept {
    alive_ = false;
    for (auto* turn : std::exchange(waiting_, {})) turn->cancel();
}

net::awaitable<void> ClientConnection::begin_large() {
    while (alive_ && large_ >= kLargeMax) {
        net::steady_timer turn{
            co_await net::this_coro::executor, net::steady_timer::time_point::max()
        };
        waiting_.push_back(&turn);
        co_await turn.async_wait(net::as_tuple(net::use_awaitable));
        std::erase(waiting_, &turn);
    }
    ++large_;
}

void ClientConnection::end_large() noexcept {
    --large_;
    if (waiting_.empty()) return;
    auto* const next = waiting_.front();
    waiting_.erase(waiting_.begin());
    next->cancel();
}

}  // namespace wardline::server
