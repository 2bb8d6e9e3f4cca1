#include "clients/core/connection.hpp"

#include "protocol/base/cbor.hpp"

#include <charconv>

namespace wardline::client {

std::string Endpoint::text() const {
    const bool address6 = host.find(':') != std::string::npos;
    return (address6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const Error wrong{
        Code::usage, "a server is written host:port, for example clinic.example:8443"
    };
    for (const std::string_view scheme : {"https://", "wss://"}) {
        if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
    }
    if (text.ends_with('/')) text.remove_suffix(1);
    Endpoint out;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return wrong;
        out.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else {
        const auto colon = text.find(':');
        out.host = text.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '@'; };
    if (out.host.empty() || out.host.size() > 253) return wrong;
    if (!std::all_of(out.host.begin(), out.host.end(), plain)) return wrong;
    out.port = 443;
    if (port.empty()) return out;
    if (port.front() != ':') return wrong;
    port.remove_prefix(1);
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failure != std::errc{} || end != port.data() + port.size() || out.port == 0) return wrong;
    return out;
}

namespace {

// What a refusal means to a person who did nothing wrong with the program.
std::string sentence_of(Code code) {
    switch (code) {
        case Code::forbidden:
            return "this account may not do that, or there is no such thing";
        case Code::not_found:
            return "there is no such thing";
        case Code::too_large:
            return "it is too large";
        case Code::wrong_class:
            return "messages of this class cannot be written here; until a patient has a device, "
                   "only internal notes can";
        case Code::invite_unknown:
            return "the server knows no such invite";
        case Code::invite_expired:
            return "the invite has expired";
        case Code::invite_used:
            return "the invite was used already: if that was not you, tell the clinic";
        case Code::invite_pending:
            return "the invite does not count yet";
        case Code::not_open:
            return "the thread is not open";
        case Code::rate_limited:
            return "the server asks to slow down";
        case Code::unavailable:
            return "the server cannot work at this moment";
        case Code::read_only:
            return "the server's disk is full";
        case Code::setup_token_invalid:
            return "the setup token is wrong, used or older than an hour";
        case Code::clinic_exists:
            return "a clinic was set up on this server already";
        case Code::no_clinic:
            return "no clinic was set up on this server";
        case Code::shutting_down:
            return "the server is shutting down";
        case Code::bad_statement:
            return "it is against the clinic's rules";
        case Code::internal:
            return "the server has a fault; its log says which";
        default:
            return "the server refused: " + std::string{name_of(code)};
    }
}

}  // namespace

Error error_of_frame(const Json& frame) {
    const auto code_name = frame.is_object() ? frame.find("code") : frame.end();
    if (!frame.is_object() || code_name == frame.end() || !code_name->is_string()) {
        return Error{Code::bad_frame, "the server answered with an error that has no code"};
    }
    const auto code = published_code(code_name->get<std::string>());
    if (!code)
        return Error{
            Code::internal, "the server refused for a reason that this version does not know"
        };
    Json details = frame;
    for (const char* known : {"t", "id", "code"}) details.erase(known);
    return Error{*code, sentence_of(*code), std::move(details)};
}

}  // namespace wardline::client
