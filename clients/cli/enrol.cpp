#include "clients/cli/invocation.hpp"

#include <CLI/CLI.hpp>

namespace wardline::cli {

void add_enrol(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "enrol",
        "Make this home a device of the clinic or of a patient, from an invite",
        "  wardline enrol wardline:pGFo...\n"
        "  wardline enrol --home /var/lib/desk --key-file /etc/desk.key wardline:pGFo..."
    );
    command->add_option("INVITE", invocation.enrol.invite, "The invite: wardline:...")->required();
    command->callback([&invocation] {
        invocation.kind = Invocation::Kind::enrol;
        if (!invocation.enrol.invite.starts_with("wardline:")) {
            terminal::refuse_usage("an invite begins with wardline: and is one word");
        }
    });
}

}  // namespace wardline::cli
