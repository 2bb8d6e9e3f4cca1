#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Programs as a user runs them: own process, own session (so no terminal to ask on), pipes.
namespace wardline::e2e {

using Json = nlohmann::json;

struct Outcome {
    int exit_code{-1};  // 128 + the signal's number for a program that a signal ended.
    std::string out;
    std::string err;

    // Standard output as one JSON value; null when it is none.
    Json json() const;
    // The code of the error object on standard error; "" when there is none.
    std::string error_code() const;
};

// Runs to the end. `input` is standard input.
Outcome run_program(const std::vector<std::string>& arguments, const std::string& input = {});

// A program that stays. Its end is awaited when this dies, after SIGTERM where it still runs.
class RunningProgram {
public:
    explicit RunningProgram(const std::vector<std::string>& arguments);
    ~RunningProgram();
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;

    // The first line of standard output (or error), from where the last call stopped, of which the
    // predicate is true; "" when the program ended or `limit` passed before.
    using Predicate = std::function<bool(const std::string&)>;
    std::string out_line(
        const Predicate& wanted, std::chrono::seconds limit = std::chrono::seconds{60}
    );
    std::string err_line(
        const Predicate& wanted, std::chrono::seconds limit = std::chrono::seconds{60}
    );

    void type(const std::string& input);
    // Sends the signal and awaits the end. What was read by lines is not in the outcome.
    Outcome end_by(int signal);
    Outcome wait();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::e2e
