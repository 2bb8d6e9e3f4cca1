#pragma once

#include "clients/cli/handover_server.hpp"
#include "clients/cli/invocation.hpp"
#include "clients/cli/process_inputs.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>

// The loop of a program that stays: it waits for events, for what is typed and for signals, and
// runs the commands that other processes hand over, all on one thread, which owns the client.
namespace wardline::cli {

// What watch and chat do with what comes. An error, or `false`, ends the loop.
class StayingCommand {
public:
    virtual ~StayingCommand() = default;
    // Signals, input and handed-over commands are taken from here on.
    virtual void on_ready() = 0;
    virtual Result<bool> on_event(const client::Event& event) = 0;
    virtual Result<bool> on_input(std::string_view bytes) = 0;
    virtual Result<bool> on_input_end() = 0;
    // Whether this thread is shown live: a command that was handed over leaves it open.
    virtual bool shows(const std::optional<PatientId>& patient) const = 0;
};

// Ends without an error on a signal or when the command is done.
Result<void> hold_home(
    const std::filesystem::path& home,
    client::Client& client,
    ProcessInputs::Read read,
    StayingCommand& command
);

// One command that was handed over, as the holder runs it.
HandoverReply run_handed_over(
    client::Client& client, const StayingCommand& command, const HandoverRequest& request
);

}  // namespace wardline::cli
