#include "admin/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <memory>
#include <optional>

namespace wardline::admin {

namespace {

using terminal::Json;
using terminal::Style;
using terminal::Text;

struct StaffArguments {
    std::string name_text;
    std::string role;
    std::vector<std::string> team_texts;
    std::uint32_t days{7};
    bool qr{false};
    std::optional<StaffName> name;  // There once the arguments are read.
    std::vector<TeamName> teams;
};

Result<void> invite(Context& context, const StaffArguments& arguments) {
    WARDLINE_TRY(
        const auto invite,
        context.administration.invite_staff(
            *arguments.name,
            arguments.role,
            arguments.teams,
            std::chrono::hours{24 * arguments.days}
        )
    );
    context.console.result(terminal::invite_json(invite));
    terminal::show_invite(context.console, invite, arguments.qr);
    return success();
}

Json staff_json(const client::StaffInfo& member) {
    return {
        {"account", member.account.text()},
        {"role", member.role},
        {"teams", member.teams},
        {"live_devices", member.live_devices},
        {"disabled", member.disabled},
        {"invited", member.invited},
    };
}

Result<void> list(Context& context) {
    WARDLINE_TRY(const auto staff, context.administration.staff());
    auto shapes = Json::array();
    terminal::Table table{{"Name", "Role", "Devices", "State", "Teams"}};
    for (const auto& member : staff) {
        shapes.push_back(staff_json(member));
        auto state =
            member.live_devices > 0 ? Text{"live", Style::good} : Text{"no device", Style::warning};
        if (member.invited) state = Text{"invited", Style::warning};
        if (member.disabled) state = Text{"disabled", Style::bad};
        table.add(
            {Text{member.account.name(), Style::name},
             member.role,
             std::to_string(member.live_devices),
             state,
             fmt::format("{}", fmt::join(member.teams, " "))}
        );
    }
    context.console.result({{"staff", std::move(shapes)}});
    context.console.say(table);
    return success();
}

Result<void> disable(Context& context, const StaffArguments& arguments) {
    WARDLINE_TRY(context.administration.disable(*arguments.name));
    context.console.result({{"account", "s:" + arguments.name->text()}, {"disabled", true}});
    context.console.say(
        "Disabled " + arguments.name->text() +
        ". Their devices are shut out; the name is not given away again."
    );
    return success();
}

Result<void> change_role(Context& context, const StaffArguments& arguments) {
    WARDLINE_TRY(
        const auto proposal, context.administration.change_role(*arguments.name, arguments.role)
    );
    context.console.result(
        {{"account", "s:" + arguments.name->text()},
         {"role", arguments.role},
         {"pending", proposal.has_value()},
         {"proposal", proposal ? Json(proposal->hex()) : Json{}}}
    );
    if (proposal) {
        context.console.say(
            "It counts once a second officer has approved it: wardline-admin approve " +
            proposal->hex()
        );
    } else {
        context.console.say(arguments.name->text() + " now has the role " + arguments.role + ".");
    }
    return success();
}

void add_name(CLI::App& command, const std::shared_ptr<StaffArguments>& arguments) {
    command.add_option("NAME", arguments->name_text, "The member of staff")->required();
}

void add_role(CLI::Option& option) {
    option.type_name("ROLE")->required()->check(
        CLI::IsMember({"reception", "clinician", "manager", "admin", "auditor"})
    );
}

void run_when_read(
    CLI::App& command,
    const std::shared_ptr<StaffArguments>& arguments,
    Invocation& invocation,
    Result<void> (*act)(Context&, const StaffArguments&)
) {
    command.callback([arguments, &invocation, act] {
        arguments->name = terminal::value_or_usage(StaffName::parse(arguments->name_text));
        arguments->teams = team_names(arguments->team_texts);
        invocation.action = [arguments, act](Context& context) { return act(context, *arguments); };
    });
}

void add_invite(CLI::App& staff, Invocation& invocation) {
    auto* command = terminal::add_command(
        staff,
        "invite",
        "Invite a new member of staff",
        "  wardline-admin staff invite anna --role reception --team reception --qr\n"
        "  wardline-admin staff invite carla --role manager      needs a second officer's approval"
    );
    auto arguments = std::make_shared<StaffArguments>();
    add_name(*command, arguments);
    add_role(*command->add_option(
        "--role", arguments->role, "reception, clinician, manager, admin or auditor"
    ));
    command
        ->add_option("--team", arguments->team_texts, "A team to be admitted to; may be repeated")
        ->type_name("TEAM")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--days", arguments->days, "How long the invite holds (default: 7)")
        ->type_name("N")
        ->check(CLI::Range(1, 30));
    command->add_flag("--qr", arguments->qr, "Show it as a QR code too");
    run_when_read(*command, arguments, invocation, invite);
}

}  // namespace

void add_staff(CLI::App& app, Invocation& invocation) {
    auto* staff = terminal::add_command(
        app,
        "staff",
        "Invite, list and disable members of staff",
        "  wardline-admin staff list\n"
        "  wardline-admin staff invite anna --role reception"
    );
    staff->require_subcommand(1);
    add_invite(*staff, invocation);
    terminal::add_command(
        *staff, "list", "Everybody, with roles and teams", "  wardline-admin staff list"
    )
        ->callback([&invocation] { invocation.action = list; });
    auto* off = terminal::add_command(
        *staff,
        "disable",
        "Shut out a member of staff with all devices, at once",
        "  wardline-admin staff disable anna"
    );
    auto off_arguments = std::make_shared<StaffArguments>();
    add_name(*off, off_arguments);
    run_when_read(*off, off_arguments, invocation, disable);
    auto* role = terminal::add_command(
        *staff,
        "role",
        "Give a member of staff another role",
        "  wardline-admin staff role anna --role manager"
    );
    auto role_arguments = std::make_shared<StaffArguments>();
    add_name(*role, role_arguments);
    add_role(*role->add_option("--role", role_arguments->role, "The new role"));
    run_when_read(*role, role_arguments, invocation, change_role);
}

}  // namespace wardline::admin
