#include "admin/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

namespace wardline::admin {

namespace {

struct PatientArguments {
    std::string patient_text;
    std::vector<std::string> team_texts;
    bool qr{false};
    std::optional<PatientId> patient;  // There once the arguments are read.
    std::vector<TeamName> teams;
};

Result<void> invite(Context& context, const PatientArguments& arguments) {
    WARDLINE_TRY(
        const auto invite, context.client.invite_patient(*arguments.patient, arguments.teams)
    );
    context.console.result(terminal::invite_json(invite));
    terminal::show_invite(context.console, invite, arguments.qr);
    return success();
}

}  // namespace

void add_patient(CLI::App& app, Invocation& invocation) {
    auto* patient = terminal::add_command(
        app,
        "patient",
        "Invite patients",
        "  wardline-admin patient invite 4711 --team reception --qr"
    );
    patient->require_subcommand(1);
    auto* command = terminal::add_command(
        *patient,
        "invite",
        "Open a patient's record and thread, or invite a further device of a known patient",
        "  wardline-admin patient invite 4711 --team reception --qr"
    );
    auto arguments = std::make_shared<PatientArguments>();
    command
        ->add_option("PATIENT-ID", arguments->patient_text, "The clinic's own number, never a name")
        ->required();
    command
        ->add_option(
            "--team",
            arguments->team_texts,
            "A team on the thread; may be repeated (default: your own)"
        )
        ->type_name("TEAM")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--qr", arguments->qr, "Show it as a QR code too");
    command->callback([arguments, &invocation] {
        arguments->patient = terminal::value_or_usage(PatientId::parse(arguments->patient_text));
        arguments->teams = team_names(arguments->team_texts);
        invocation.action = [arguments](Context& context) { return invite(context, *arguments); };
    });
}

}  // namespace wardline::admin
