#include "clients/cli/invocation.hpp"
#include "clients/terminal/shapes.hpp"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

namespace wardline::cli {

namespace {

using terminal::Style;
using terminal::Text;

Result<void> inbox(Context& context) {
    auto& console = context.console;
    WARDLINE_TRY(const auto threads, context.client.inbox());
    auto shapes = terminal::Json::array();
    for (const auto& thread : threads) shapes.push_back(terminal::thread_json(thread));
    console.result({{"threads", std::move(shapes)}});
    if (threads.empty()) {
        console.say("There are no threads yet.");
        return success();
    }
    terminal::Table table{{"Patient", "", "Last message", "Class", "Teams"}};
    for (const auto& thread : threads) {
        table.add(
            {Text{thread.patient_id.text(), thread.unread() ? Style::bold : Style::plain},
             thread.unread() ? Text{"new", Style::good} : Text{},
             thread.last_time ? Text{console.times().minute(*thread.last_time)}
                              : Text{"-", Style::dim},
             thread.last_class,
             fmt::format("{}", fmt::join(thread.teams, " "))}
        );
    }
    console.say(table);
    return success();
}

}  // namespace

void add_inbox(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "inbox",
        "List the threads one may read, without opening any",
        "  wardline inbox\n"
        "  wardline inbox --json"
    );
    command->callback([&invocation] { invocation.action = inbox; });
}

}  // namespace wardline::cli
