#include "clients/cli/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>

namespace wardline::cli {

void add_status(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "status",
        "Who this device is, whether the server is reached, and what needs attention",
        "  wardline status\n"
        "  wardline status --json"
    );
    command->callback([&invocation] {
        invocation.action = [](Context& context) -> Result<void> {
            WARDLINE_TRY(const auto status, context.client.status());
            context.console.result(terminal::status_json(status));
            terminal::show_status(context.console, status);
            return success();
        };
    });
}

}  // namespace wardline::cli
