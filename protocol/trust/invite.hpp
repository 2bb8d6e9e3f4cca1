#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

// An invite outside the chains: its secret, and the URI that carries it. docs/protocol.md
// section 7.
namespace wardline::trust {

// The key pair of an invite, from its secret.
SigningSecret invite_signing_secret(const InviteSecret& secret);
SigningKey invite_key(const InviteSecret& secret);
// How an invite's statement is named by its URI and at the server.
InviteHandle invite_handle(const Hash& statement);

struct InviteUri {
    std::string server;  // HOST:PORT, with an IPv6 address in brackets.
    InviteSecret secret;
    InviteHandle handle;
    std::optional<Hash> pin;  // SHA-256 of the server key's SubjectPublicKeyInfo.
};

// "wardline:…". The text is as secret as the invite. `usage` where server is no HOST:PORT.
Result<std::string> make_invite_uri(const InviteUri& invite);
// `usage` with a sentence for the person who typed it.
Result<InviteUri> parse_invite_uri(std::string_view uri);

// Whether `text` is HOST:PORT: a name, an IPv4 address or a bracketed IPv6 address, and 1 to 65535.
bool is_host_and_port(std::string_view text) noexcept;

}  // namespace wardline::trust
