#include "server/client_connection.hpp"

#include "protocol/wire/frames.hpp"

#include <string>
#include <utility>

namespace wardline::server {

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
    alive_ = false;
    peer_->close(code, reason);
}

}  // namespace wardline::server
