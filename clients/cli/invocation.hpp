#pragma once

#include "clients/core/client.hpp"
#include "clients/terminal/arguments.hpp"
#include "clients/terminal/console.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// A command line of wardline, read and ready to run.
namespace wardline::cli {

// What a command that is answered at once works with. All outlive the call.
struct Context {
    client::Client& client;
    terminal::Console& console;
    std::string input;  // Standard input, where `reads_input` says so.
    // Whether the thread stays open after this command: the home's holder shows it live.
    std::function<bool(const std::optional<PatientId>&)> stays_open;
};
using Action = std::function<Result<void>(Context&)>;

struct EnrolArguments {
    std::string invite;
};
struct WatchArguments {
    std::vector<PatientId> open;
    bool open_all{false};
};
struct ChatArguments {
    std::optional<PatientId> patient;
    std::string message_class{"appointment"};
};

struct Invocation {
    enum class Kind : std::uint8_t { enrol, action, watch, chat };

    terminal::CommonOptions common;
    Kind kind{Kind::action};
    bool reads_input{false};
    Action action;  // For Kind::action.
    EnrolArguments enrol;
    WatchArguments watch;
    ChatArguments chat;
};

struct Parsed {
    Invocation invocation;
    std::optional<std::string> text;  // --help or --version: print this and do nothing.
};
// `usage` with a sentence.
Result<Parsed> parse(const std::vector<std::string>& arguments);

// One for each file of commands; parse() calls them. The invocation outlives the app.
void add_enrol(CLI::App& app, Invocation& invocation);
void add_send(CLI::App& app, Invocation& invocation);
void add_read(CLI::App& app, Invocation& invocation);
void add_inbox(CLI::App& app, Invocation& invocation);
void add_watch(CLI::App& app, Invocation& invocation);
void add_chat(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);
void add_device(CLI::App& app, Invocation& invocation);
void add_patient(CLI::App& app, Invocation& invocation);
void add_team(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);

// A patient id from an optional argument; `usage` where it is none. Parse time only.
std::optional<PatientId> optional_patient(const std::string& text);
// `usage` unless it is one of docs/protocol.md section 1. Parse time only.
void check_class(const std::string& message_class);

// For commands that staff give a patient id and patients none: the thread's patient, or a `usage`
// sentence.
Result<void> check_patient(const client::Client& client, const std::optional<PatientId>& patient);

}  // namespace wardline::cli
