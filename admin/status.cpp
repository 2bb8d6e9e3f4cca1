#include "admin/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace wardline::admin {

namespace {

Result<void> status(Context& context) {
    auto& console = context.console;
    WARDLINE_TRY(const auto own, context.client.status());
    auto shape = terminal::status_json(own);
    shape["server_status"] = nullptr;
    terminal::show_status(console, own);
    if (own.online) {
        WARDLINE_TRY(const auto server, context.administration.server_status());
        auto fields = terminal::Json::object();
        console.say("");
        for (const auto& [name, value] : server) {
            fields[name] = value;
            console.say(terminal::Text{fmt::format("{:<14}", name), terminal::Style::dim}.add(value)
            );
        }
        shape["server_status"] = std::move(fields);
    }
    console.result(shape);
    return success();
}

}  // namespace

void add_status(CLI::App& app, Invocation& invocation) {
    terminal::add_command(
        app,
        "status",
        "The clinic and its server: reached or not, figures, and what needs attention",
        "  wardline-admin status\n"
        "  wardline-admin status --json"
    )
        ->callback([&invocation] { invocation.action = status; });
}

}  // namespace wardline::admin
