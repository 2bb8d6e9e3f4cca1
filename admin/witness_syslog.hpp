#pragma once

#include "audit/witness.hpp"
#include "protocol/base/result.hpp"

#include <string>

// Signed heads for a syslog server: RFC 5424 messages of facility 13 (log audit), the witness line
// as their text; one datagram each (RFC 5426, and unix), or octet-counted over TCP (RFC 6587).
namespace wardline::admin {

// "udp:HOST:PORT", "tcp:HOST:PORT", "udp:[::1]:514" or "unix:/dev/log". `usage` otherwise.
Result<bool> check_syslog_server(const std::string& server);
// `unreachable` with a sentence. Over UDP nobody says whether it arrived.
Result<void> send_to_syslog(const std::string& server, const audit::Witness& witness);

}  // namespace wardline::admin
