#include "clients/terminal/outcome.hpp"

#include "clients/terminal/utf8.hpp"
#include "clients/terminal/visible.hpp"

#include <fmt/format.h>

namespace wardline::terminal {

ExitCode exit_code_of(Code code) noexcept {
    switch (code) {
        case Code::usage:
            return ExitCode::usage;
        case Code::unreachable:
        case Code::unavailable:
        case Code::shutting_down:
            return ExitCode::unreachable;
        case Code::trust_alarm:
            return ExitCode::trust_alarm;
        case Code::local_store:
        case Code::store_rolled_back:
        case Code::io:
            return ExitCode::local_store;
        default:
            return ExitCode::refused;
    }
}

std::string_view hint_of(Code code) noexcept {
    switch (code) {
        case Code::usage:
            return "Add --help to see how the command is used.";
        case Code::unreachable:
            return "Check the network, and whether that server runs.";
        case Code::unavailable:
        case Code::shutting_down:
        case Code::rate_limited:
            return "Wait a moment and try again.";
        case Code::trust_alarm:
            return "Send nothing, and tell the clinic in person or by telephone.";
        case Code::store_rolled_back:
            return "Ask for a new invite, and enrol into an empty home.";
        case Code::login_failed:
            return "Ask the clinic for a new invite.";
        case Code::forbidden:
            return "Ask somebody whose role allows it.";
        case Code::invite_unknown:
        case Code::invite_expired:
        case Code::invite_used:
            return "Ask for a new invite.";
        case Code::invite_pending:
            return "A second officer has to approve it first.";
        case Code::setup_token_invalid:
            return "Make a new token on the server: wardlined setup-token --data DIR";
        case Code::clinic_exists:
            return "Ask its administrator for an invite.";
        case Code::no_clinic:
            return "Set the clinic up first: wardline-admin init";
        case Code::wrong_class:
            return "Choose another class with --class.";
        case Code::not_open:
            return "Open the thread first: wardline read PATIENT-ID";
        case Code::unsupported_version:
            return "Update this program or the server.";
        case Code::read_only:
            return "Its administrator has to make room.";
        default:
            return {};
    }
}

Json error_object(const Error& error) {
    const auto hint = hint_of(error.code);
    Json body{{"code", name_of(error.code)}, {"message", error.detail}};
    body["hint"] = hint.empty() ? Json{} : Json(hint);
    return Json{{"error", std::move(body)}};
}

std::string to_line(const Json& value) {
    const auto raw = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::string out;
    std::string_view rest = raw;
    while (!rest.empty()) {
        const auto next = first_code_point(rest);
        const auto c = static_cast<std::uint32_t>(next.value);
        // Only strings can hold such characters, so an escape is right wherever one stands.
        if (is_hostile(next.value) || (c >= 0x200c && c <= 0x200d)) {
            if (c > 0xffff) {
                out += fmt::format("\\u{:04x}\\u{:04x}", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
            } else {
                out += fmt::format("\\u{:04x}", c);
            }
        } else {
            out += rest.substr(0, next.length);
        }
        rest.remove_prefix(next.length);
    }
    return out;
}

}  // namespace wardline::terminal
