#include "clients/cli/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

namespace wardline::cli {

namespace {

struct AdmitArguments {
    std::string name_text;
    std::string team_text;
    std::string device;
    bool yes{false};
    std::optional<StaffName> name;  // There once the arguments are read.
};

// The team that was named, else the only one that this account is in.
Result<TeamName> choose_team(Context& context, const AdmitArguments& arguments) {
    if (!arguments.team_text.empty()) return TeamName::parse(arguments.team_text);
    WARDLINE_TRY(const auto own, context.client.devices());
    std::vector<std::string> teams;
    for (const auto& device : own) {
        if (device.own) teams = device.teams;
    }
    if (teams.size() == 1) return TeamName::parse(teams.front());
    return Error{
        Code::usage,
        teams.empty() ? "this device is in no team" : "say which of your teams with --team"
    };
}

Result<bool> is_agreed(
    Context& context, const AdmitArguments& arguments, const client::DeviceInfo& device
) {
    if (arguments.yes) return true;
    WARDLINE_TRY(
        const auto answer,
        context.console.ask(
            "Admit " + device.account.name() + "'s device with the fingerprint\n  " +
            device.fingerprint + "\nCompare it with theirs (wardline status). Admit it? [y/N] "
        )
    );
    return answer == "y" || answer == "Y" || answer == "yes";
}

Result<void> admit(Context& context, const AdmitArguments& arguments) {
    auto& console = context.console;
    const auto& name = *arguments.name;
    WARDLINE_TRY(const auto team, choose_team(context, arguments));
    WARDLINE_TRY(const auto waiting, context.client.admissible(name));
    auto admitted = terminal::Json::array();
    bool any = false;
    for (const auto& device : waiting) {
        if (!device.id.hex().starts_with(arguments.device)) continue;
        any = true;
        WARDLINE_TRY(const auto agreed, is_agreed(context, arguments, device));
        if (!agreed) continue;
        WARDLINE_TRY(context.client.admit(name, team, device.id));
        admitted.push_back(terminal::device_json(device));
        console.say(terminal::Text{"Admitted ", terminal::Style::good}.add(
            device.id.hex() + " of " + name.text() + " to " + team.text() + "."
        ));
    }
    if (!any) return Error{Code::not_found, "no device of " + name.text() + " waits for a team"};
    if (admitted.empty()) console.say("Nothing was admitted.");
    console.result({{"team", team.text()}, {"admitted", std::move(admitted)}});
    return success();
}

}  // namespace

void add_team(CLI::App& app, Invocation& invocation) {
    auto* team = terminal::add_command(
        app, "team", "Admit colleagues' devices to a team of yours", "  wardline team admit anna"
    );
    team->require_subcommand(1);
    auto* command = terminal::add_command(
        *team,
        "admit",
        "Admit a colleague's device: from then on it reads the team's threads, from the beginning",
        "  wardline team admit anna\n"
        "  wardline team admit anna --team reception --yes"
    );
    auto arguments = std::make_shared<AdmitArguments>();
    command->add_option("NAME", arguments->name_text, "The colleague")->required();
    command->add_option("--team", arguments->team_text, "Which team (default: the one you are in)")
        ->type_name("TEAM");
    command
        ->add_option("--device", arguments->device, "Only this device: its id or its first digits")
        ->type_name("DEVICE");
    command->add_flag(
        "--yes", arguments->yes, "Do not ask; for when you have compared the fingerprint already"
    );
    command->callback([arguments, &invocation] {
        arguments->name = terminal::value_or_usage(StaffName::parse(arguments->name_text));
        if (!arguments->team_text.empty())
            terminal::value_or_usage(TeamName::parse(arguments->team_text));
        invocation.action = [arguments](Context& context) { return admit(context, *arguments); };
    });
}

}  // namespace wardline::cli
