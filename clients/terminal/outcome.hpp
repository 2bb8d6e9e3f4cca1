#pragma once

#include "protocol/base/error.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

// How a program ends: its exit code, what it says of an error, and what the person may do next.
// docs/cli.md lists them.
namespace wardline::terminal {

using Json = nlohmann::ordered_json;

enum class ExitCode : int {
    done = 0,
    usage = 2,
    refused = 3,
    unreachable = 4,
    trust_alarm = 5,
    local_store = 6,
};

ExitCode exit_code_of(Code code) noexcept;
// One sentence about the way on; empty where there is none to give.
std::string_view hint_of(Code code) noexcept;
// {"error":{"code":…,"message":…,"hint":…}}; `hint` is null where there is none.
Json error_object(const Error& error);

// One line of JSON. Valid UTF-8 whatever the texts are; what must not reach a terminal is written
// as \uXXXX.
std::string to_line(const Json& value);

}  // namespace wardline::terminal
