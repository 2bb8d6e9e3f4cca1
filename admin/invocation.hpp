#pragma once

#include "clients/core/administration.hpp"
#include "clients/core/client.hpp"
#include "clients/terminal/arguments.hpp"
#include "clients/terminal/console.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// A command line of wardline-admin, read and ready to run.
namespace wardline::admin {

// What a command works with. All outlive the call.
struct Context {
    client::Client& client;
    client::Administration administration;
    terminal::Console& console;
};
using Action = std::function<Result<void>(Context&)>;

struct InitArguments {
    std::string server;
    std::string token;
    std::string clinic;
    std::string account{"admin"};
    std::filesystem::path root_file;
    std::filesystem::path vault_file;
    terminal::KeySource root_key;
    terminal::KeySource vault_key;
    std::map<std::string, std::uint32_t> retention_days;
};

struct Invocation {
    terminal::CommonOptions common;
    std::optional<InitArguments> init;  // For init; else `offline` or `action`.
    std::function<Result<void>(terminal::Console&)> offline;  // Needs no home and no server.
    Action action;
};

struct Parsed {
    Invocation invocation;
    std::optional<std::string> text;  // --help or --version: print this and do nothing.
};
// `usage` with a sentence.
Result<Parsed> parse(const std::vector<std::string>& arguments);

// One for each file of commands; parse() calls them. The invocation outlives the app.
void add_init(CLI::App& app, Invocation& invocation);
void add_staff(CLI::App& app, Invocation& invocation);
void add_team(CLI::App& app, Invocation& invocation);
void add_patient(CLI::App& app, Invocation& invocation);
void add_chain(CLI::App& app, Invocation& invocation);
void add_proposals(CLI::App& app, Invocation& invocation);
void add_retention(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);
void add_audit(CLI::App& app, Invocation& invocation);

// Makes the clinic, its keys and the first administrator's home.
Result<void> init(
    const terminal::CommonOptions& common,
    const InitArguments& arguments,
    terminal::Console& console
);

// `usage` for the first that is no name. Parse time only.
std::vector<TeamName> team_names(const std::vector<std::string>& texts);

}  // namespace wardline::admin
