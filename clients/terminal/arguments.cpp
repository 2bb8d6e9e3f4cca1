#include "clients/terminal/arguments.hpp"

#include "clients/terminal/home.hpp"
#include "clients/terminal/version.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace wardline::terminal {

void add_common_options(CLI::App& app, CommonOptions& options) {
    options.home = default_home();
    app.add_option("--home", options.home, "Folder of this device (default: the XDG data folder)")
        ->type_name("DIR")
        ->group("Everywhere");
    app.add_flag("--json", options.json, "Answer with JSON, errors too")->group("Everywhere");
    app.add_option(
           "--password-file", options.key.password_file, "File whose first line is the password"
    )
        ->type_name("FILE")
        ->group("Everywhere");
    app.add_option("--key-file", options.key.key_file, "File with the key, for unattended use")
        ->type_name("FILE")
        ->group("Everywhere");
    app.set_version_flag("--version", app.get_name() + " " + std::string{kVersion});
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.get_formatter()->label("TEXT", "");
    app.get_formatter()->label("REQUIRED", "(required)");
}

CLI::App* add_command(
    CLI::App& app,
    const std::string& name,
    const std::string& description,
    const std::string& examples
) {
    auto* command = app.add_subcommand(name, description);
    command->fallthrough();
    command->footer("Examples:\n" + examples);
    return command;
}

Result<std::optional<std::string>> parse_arguments(
    CLI::App& app, std::vector<std::string> arguments
) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first.
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return std::optional{app.help() + "\n"};
    } catch (const CLI::CallForAllHelp&) {
        return std::optional{app.help("", CLI::AppFormatMode::All)};
    } catch (const CLI::CallForVersion& version) {
        return std::optional{std::string{version.what()} + "\n"};
    } catch (const CLI::ParseError& error) {
        return Error{Code::usage, error.what()};
    }
    return std::optional<std::string>{};
}

bool wants_json(const std::vector<std::string>& arguments) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find(arguments.begin(), end, "--json") != end;
}

void refuse_usage(const std::string& sentence) {
    throw CLI::ValidationError{sentence};
}

}  // namespace wardline::terminal
