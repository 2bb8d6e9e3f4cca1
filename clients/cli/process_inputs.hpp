#pragma once

#include "protocol/base/result.hpp"

#include <functional>
#include <memory>
#include <string>

// What comes to a program that stays: signals that ask it to end, and standard input. A thread of
// its own waits for both.
namespace wardline::cli {

// SIGINT, SIGTERM and SIGHUP from now on only reach ProcessInputs. Before any thread starts, since
// threads inherit it.
void block_ending_signals();

class ProcessInputs {
public:
    enum class Read : std::uint8_t { signals, signals_and_input };

    // `wake` is called from the thread when something came; it must not block.
    static Result<std::unique_ptr<ProcessInputs>> start(Read read, std::function<void()> wake);
    ~ProcessInputs();
    ProcessInputs(const ProcessInputs&) = delete;
    ProcessInputs& operator=(const ProcessInputs&) = delete;

    struct Taken {
        std::string input;        // What was read since the last call.
        bool input_ended{false};  // And nothing follows.
        bool end{false};          // A signal asked to end.
    };
    Taken take();

private:
    struct Impl;
    explicit ProcessInputs(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::cli
