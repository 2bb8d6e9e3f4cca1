#include "admin/invocation.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

namespace wardline::admin {

namespace {

struct TeamArguments {
    std::string team_text;
    std::string account_text;
    std::vector<std::string> founder_texts;
    std::optional<TeamName> team;  // These three are there once the arguments are read.
    std::optional<StaffName> account;
    std::vector<StaffName> founders;
};

Result<void> create(Context& context, const TeamArguments& arguments) {
    WARDLINE_TRY(context.administration.create_team(*arguments.team, arguments.founders));
    context.console.result({{"team", arguments.team->text()}, {"founders", arguments.founder_texts}}
    );
    context.console.say(
        "Created the team " + arguments.team->text() +
        ". It works once a founder's device has made its key."
    );
    return success();
}

Result<void> remove(Context& context, const TeamArguments& arguments) {
    WARDLINE_TRY(context.administration.remove_from_team(*arguments.team, *arguments.account));
    context.console.result(
        {{"team", arguments.team->text()}, {"account", "s:" + arguments.account->text()}}
    );
    context.console.say(
        arguments.account->text() + " is out of the team " + arguments.team->text() +
        ". What is written from now on is closed to them."
    );
    return success();
}

}  // namespace

void add_team(CLI::App& app, Invocation& invocation) {
    auto* team = terminal::add_command(
        app,
        "team",
        "Create teams, and remove members",
        "  wardline-admin team create reception --founders anna,ben"
    );
    team->require_subcommand(1);
    auto* making = terminal::add_command(
        *team,
        "create",
        "Create a team; its founders need no admission",
        "  wardline-admin team create reception --founders anna,ben"
    );
    auto made = std::make_shared<TeamArguments>();
    making->add_option("NAME", made->team_text, "The team's name")->required();
    making
        ->add_option("--founders", made->founder_texts, "1 to 16 members of staff, live or invited")
        ->type_name("A,B")
        ->delimiter(',')
        ->required();
    making->callback([made, &invocation] {
        made->team = terminal::value_or_usage(TeamName::parse(made->team_text));
        for (const auto& text : made->founder_texts) {
            made->founders.push_back(terminal::value_or_usage(StaffName::parse(text)));
        }
        invocation.action = [made](Context& context) { return create(context, *made); };
    });
    auto* removing = terminal::add_command(
        *team,
        "remove",
        "Remove a member of staff from a team",
        "  wardline-admin team remove reception anna"
    );
    auto removed = std::make_shared<TeamArguments>();
    removing->add_option("TEAM", removed->team_text, "The team")->required();
    removing->add_option("NAME", removed->account_text, "The member of staff")->required();
    removing->callback([removed, &invocation] {
        removed->team = terminal::value_or_usage(TeamName::parse(removed->team_text));
        removed->account = terminal::value_or_usage(StaffName::parse(removed->account_text));
        invocation.action = [removed](Context& context) { return remove(context, *removed); };
    });
}

}  // namespace wardline::admin
