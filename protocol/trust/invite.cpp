#include "protocol/trust/invite.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/base/cbor_writer.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/crypto/crypto.hpp"

#include <algorithm>
#include <charconv>

namespace wardline::trust {
namespace {

constexpr std::string_view kScheme = "wardline:";
constexpr std::size_t kServerBytesMax = 255;
constexpr std::size_t kUriBytesMax = 600;

Error not_an_invite() {
    return Error{
        Code::usage, "this is not a complete Wardline invite; copy it again from \"wardline:\" on"
    };
}

bool is_host_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool is_ipv6_character(char c) noexcept {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':';
}

Result<InviteUri> read_invite(BytesView encoded) {
    WARDLINE_TRY(const auto map, cbor::decode(encoded, kUriBytesMax));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    InviteUri out;
    WARDLINE_TRY(out.server, reader.text("s", kServerBytesMax));
    WARDLINE_TRY(auto secret, reader.bytes("k", InviteSecret::kSize));
    WARDLINE_TRY(out.secret, InviteSecret::from(secret));
    wipe(secret);
    WARDLINE_TRY(out.handle, reader.fixed<InviteHandle>("h"));
    if (reader.has("p")) {
        WARDLINE_TRY(out.pin, reader.fixed<Hash>("p"));
    }
    WARDLINE_TRY(reader.finish());
    if (!is_host_and_port(out.server)) return not_an_invite();
    return out;
}

}  // namespace

SigningSecret invite_signing_secret(const InviteSecret& secret) {
    const auto seed = crypto::derive(secret.reveal(), "wardline/1 invite key", {});
    return SigningSecret::from(seed.reveal()).value();
}

SigningKey invite_key(const InviteSecret& secret) {
    return crypto::signing_key_of(invite_signing_secret(secret));
}

InviteHandle invite_handle(const Hash& statement) {
    return InviteHandle::from(statement.view().first(InviteHandle::kSize)).value();
}

Result<std::string> make_invite_uri(const InviteUri& invite) {
    if (!is_host_and_port(invite.server)) {
        return Error{Code::usage, "the server's address is given as HOST:PORT"};
    }
    cbor::Writer writer;
    writer.map(invite.pin ? 4 : 3);
    writer.text("h").bytes(invite.handle.view());
    writer.text("k").bytes(invite.secret.reveal());
    if (invite.pin) writer.text("p").bytes(invite.pin->view());
    writer.text("s").text(invite.server);
    return std::string{kScheme} + to_base64url(std::move(writer).take());
}

Result<InviteUri> parse_invite_uri(std::string_view uri) {
    if (uri.size() > kUriBytesMax || !uri.starts_with(kScheme)) return not_an_invite();
    auto encoded = from_base64url(uri.substr(kScheme.size()));
    if (!encoded) return not_an_invite();
    auto invite = read_invite(encoded.value());
    wipe(encoded.value());
    if (!invite) return not_an_invite();
    return invite;
}

bool is_host_and_port(std::string_view text) noexcept {
    const auto colon = text.rfind(':');
    if (text.size() > kServerBytesMax || colon == std::string_view::npos || colon == 0) {
        return false;
    }
    const auto port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc{} || end != port.data() + port.size()) return false;
    if (number == 0 || number > 65'535 || port.front() == '0') return false;

    const auto host = text.substr(0, colon);
    if (host.front() == '[') {
        if (host.size() < 4 || host.back() != ']') return false;
        const auto address = host.substr(1, host.size() - 2);
        return std::all_of(address.begin(), address.end(), is_ipv6_character);
    }
    return std::all_of(host.begin(), host.end(), is_host_character);
}

}  // namespace wardline::trust
