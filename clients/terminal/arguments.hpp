#pragma once

#include "clients/terminal/key_source.hpp"
#include "protocol/base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// What the command lines of the programs have in common. CLI11 reads them.
namespace wardline::terminal {

struct CommonOptions {
    std::filesystem::path home;
    bool json{false};
    KeySource key;
};

// --home, --json, --password-file, --key-file and --version, before or behind the command's name.
// `options` outlives parsing.
void add_common_options(CLI::App& app, CommonOptions& options);
// A command below `app`, with its examples at the end of --help.
CLI::App* add_command(
    CLI::App& app,
    const std::string& name,
    const std::string& description,
    const std::string& examples
);

// Nothing when a command was read (its callback has run); the text to print when --help or
// --version was asked for; `usage` with a sentence for anything else.
Result<std::optional<std::string>> parse_arguments(
    CLI::App& app, std::vector<std::string> arguments
);

// Whether --json stands among them, before they are parsed: errors of parsing are JSON too.
bool wants_json(const std::vector<std::string>& arguments);

// The error of `result`, as what CLI11 expects of a bad value.
template <class T>
T value_or_usage(Result<T> result);
[[noreturn]] void refuse_usage(const std::string& sentence);

template <class T>
T value_or_usage(Result<T> result) {
    if (!result) refuse_usage(result.error().detail);
    return std::move(result).value();
}

}  // namespace wardline::terminal
