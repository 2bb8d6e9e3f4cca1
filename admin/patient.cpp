#include "admin/invocation.hpp"
#include "clients/terminal/patient_invite.hpp"

#include <CLI/CLI.hpp>

namespace wardline::admin {

void add_patient(CLI::App& app, Invocation& invocation) {
    constexpr auto kExample = "  wardline-admin patient invite 4711 --team reception --qr";
    auto* patient = terminal::add_command(app, "patient", "Invite patients", kExample);
    patient->require_subcommand(1);
    terminal::add_patient_invite(
        *patient,
        kExample,
        [&invocation](const terminal::PatientInvite& arguments) {
            invocation.action = [arguments](Context& context) {
                return terminal::invite_patient(context.client, context.console, arguments);
            };
        }
    );
}

}  // namespace wardline::admin
