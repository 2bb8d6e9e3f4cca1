#include "clients/terminal/patient_invite.hpp"

#include "clients/terminal/arguments.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

namespace wardline::terminal {
namespace {

struct Typed {
    std::string patient;
    std::vector<std::string> teams;
    bool qr{false};

    PatientInvite parsed() const {
        PatientInvite out;
        out.patient = value_or_usage(PatientId::parse(patient));
        out.teams.reserve(teams.size());
        for (const auto& team : teams) out.teams.push_back(value_or_usage(TeamName::parse(team)));
        out.qr = qr;
        return out;
    }
};

}  // namespace

void add_patient_invite(
    CLI::App& patient, const std::string& examples, std::function<void(const PatientInvite&)> chosen
) {
    auto* command = add_command(
        patient,
        "invite",
        "Open a patient's record and thread, or invite a further device of a known patient",
        examples
    );
    auto typed = std::make_shared<Typed>();
    command->add_option("PATIENT-ID", typed->patient, "The clinic's own number, never a name")
        ->required();
    command
        ->add_option(
            "--team", typed->teams, "A team on the thread; may be repeated (default: your own)"
        )
        ->type_name("TEAM")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--qr", typed->qr, "Show it as a QR code too");
    command->callback([typed, chosen = std::move(chosen)] { chosen(typed->parsed()); });
}

Result<void> invite_patient(
    client::Client& client, Console& console, const PatientInvite& arguments
) {
    WARDLINE_TRY(const auto invite, client.invite_patient(*arguments.patient, arguments.teams));
    console.result(invite_json(invite));
    show_invite(console, invite, arguments.qr);
    return success();
}

}  // namespace wardline::terminal
