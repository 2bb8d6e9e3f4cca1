#include "clients/cli/invocation.hpp"

#include "protocol/trust/class.hpp"

#include <CLI/CLI.hpp>

namespace wardline::cli {

Result<Parsed> parse(const std::vector<std::string>& arguments) {
    Parsed parsed;
    auto& invocation = parsed.invocation;
    CLI::App app{
        "wardline: end-to-end encrypted messages between patients and their clinic", "wardline"
    };
    terminal::add_common_options(app, invocation.common);
    app.footer(
        "Examples:\n"
        "  wardline enrol wardline:pGFo...         become a device of the clinic or of a patient\n"
        "  wardline send \"May I come on Monday?\"   as a patient\n"
        "  wardline send --to 4711 \"At ten.\"       as a member of staff\n"
        "  wardline chat                           a conversation, line by line\n"
        "  wardline COMMAND --help                 more about one command"
    );
    for (const auto add : {
             add_enrol,
             add_send,
             add_read,
             add_inbox,
             add_watch,
             add_chat,
             add_verify,
             add_device,
             add_patient,
             add_team,
             add_status,
         }) {
        add(app, invocation);
    }
    WARDLINE_TRY(parsed.text, terminal::parse_arguments(app, arguments));
    if (!parsed.text && invocation.common.home.empty()) {
        return Error{Code::usage, "there is no home folder for this user; use --home DIR"};
    }
    return parsed;
}

std::optional<PatientId> optional_patient(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return terminal::value_or_usage(PatientId::parse(text));
}

void check_class(const std::string& message_class) {
    if (trust::parse_class(message_class)) return;
    terminal::refuse_usage(
        "there is no class " + message_class +
        "; there are appointment, clinical, photo, admin, marketing and internal"
    );
}

Result<void> check_patient(const client::Client& client, const std::optional<PatientId>& patient) {
    if (client.is_patient() && patient && patient != client.own_patient()) {
        return Error{Code::usage, "a patient has one thread only; leave out the patient id"};
    }
    if (!client.is_patient() && !patient) {
        return Error{Code::usage, "say which patient is meant; inbox lists them"};
    }
    return success();
}

}  // namespace wardline::cli
