#include "admin/invocation.hpp"

#include <CLI/CLI.hpp>

namespace wardline::admin {

namespace {

Result<void> preview(Context& context) {
    auto& console = context.console;
    WARDLINE_TRY(const auto units, context.administration.retention_preview());
    auto shapes = terminal::Json::array();
    terminal::Table table{{"Patient", "Class", "Day", "Messages", "Due since"}};
    for (const auto& unit : units) {
        shapes.push_back(
            {{"patient_id", unit.patient_id.text()},
             {"thread", unit.thread.hex()},
             {"class", unit.message_class},
             {"day", unit.day},
             {"messages", unit.messages},
             {"due", terminal::rfc3339(unit.due)}}
        );
        table.add(
            {unit.patient_id.text(),
             unit.message_class,
             unit.day,
             std::to_string(unit.messages),
             console.times().minute(unit.due)}
        );
    }
    console.result({{"units", std::move(shapes)}});
    if (units.empty()) {
        console.say("Nothing is due.");
    } else {
        console.say(table);
    }
    return success();
}

Result<void> run(Context& context) {
    WARDLINE_TRY(const auto done, context.administration.retention_run());
    context.console.result({{"units", done.units}, {"messages", done.messages}, {"seq", done.seq}});
    context.console.say(
        "Expired " + std::to_string(done.messages) + " messages in " + std::to_string(done.units) +
        " units."
    );
    return success();
}

}  // namespace

void add_retention(CLI::App& app, Invocation& invocation) {
    auto* retention = terminal::add_command(
        app,
        "retention",
        "What has reached the end of its retention period",
        "  wardline-admin retention preview"
    );
    retention->require_subcommand(1);
    terminal::add_command(
        *retention,
        "preview",
        "What a run would expire, and since when it is due",
        "  wardline-admin retention preview"
    )
        ->callback([&invocation] { invocation.action = preview; });
    terminal::add_command(
        *retention,
        "run",
        "Expire now what is due; it cannot be brought back",
        "  wardline-admin retention run"
    )
        ->callback([&invocation] { invocation.action = run; });
}

}  // namespace wardline::admin
