#include "clients/cli/home_holder.hpp"

#include <exception>
#include <string>

namespace wardline::cli {

namespace {

// Every request and every key wakes the loop at once; this only bounds what a lost wake-up would
// cost.
constexpr client::Milliseconds kWait{500};

using terminal::Console;
using terminal::ExitCode;

Result<void> run_parsed(
    client::Client& client,
    const StayingCommand& command,
    const HandoverRequest& request,
    Console& console
) {
    WARDLINE_TRY(const auto parsed, parse(request.arguments));
    if (parsed.text || parsed.invocation.kind != Invocation::Kind::action) {
        return Error{Code::usage, "this command cannot be handed over"};
    }
    Context context{
        .client = client,
        .console = console,
        .input = request.input,
        .stays_open = [&](const std::optional<PatientId>& patient
                      ) { return command.shows(patient); }
    };
    return parsed.invocation.action(context);
}

}  // namespace

HandoverReply run_handed_over(
    client::Client& client, const StayingCommand& command, const HandoverRequest& request
) {
    HandoverChannel channel{request.answers};
    Console console{channel, request.facts};
    auto done = Result<void>{success()};
    try {
        done = run_parsed(client, command, request, console);
    } catch (const std::exception& unexpected) {
        // A fault in one command is no reason for the holder to end.
        done = Error{Code::internal, std::string{"a fault of the program: "} + unexpected.what()};
    }
    if (!done) console.fail(done.error());
    const auto exit_code = done ? ExitCode::done : terminal::exit_code_of(done.error().code);
    return std::move(channel).reply(static_cast<int>(exit_code));
}

Result<void> hold_home(
    const std::filesystem::path& home,
    client::Client& client,
    ProcessInputs::Read read,
    StayingCommand& command
) {
    const auto wake = [&client] { client.interrupt(); };
    WARDLINE_TRY(const auto inputs, ProcessInputs::start(read, wake));
    WARDLINE_TRY(const auto server, HandoverServer::listen(home, wake));
    command.on_ready();
    bool input_ended = false;
    while (true) {
        const auto taken = inputs->take();
        if (taken.end) return success();
        if (!taken.input.empty()) {
            WARDLINE_TRY(const auto stay, command.on_input(taken.input));
            if (!stay) return success();
        }
        if (taken.input_ended && !input_ended) {
            input_ended = true;
            WARDLINE_TRY(const auto stay, command.on_input_end());
            if (!stay) return success();
        }
        server->run_waiting([&](const HandoverRequest& request) {
            return run_handed_over(client, command, request);
        });
        WARDLINE_TRY(const auto event, client.next_event(kWait));
        if (event) {
            WARDLINE_TRY(const auto stay, command.on_event(*event));
            if (!stay) return success();
        }
    }
}

}  // namespace wardline::cli
