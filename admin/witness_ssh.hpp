#pragma once

#include "audit/witness.hpp"
#include "protocol/base/result.hpp"

#include <string>

// Signed heads for a file on another machine, by the ssh program with a key that asks for nothing.
namespace wardline::admin {

// `usage` for a target or path with characters that a shell could take for something else.
Result<bool> check_ssh_target(const std::string& target, const std::string& path);
// `unreachable` with what ssh's exit code says.
Result<void> append_over_ssh(
    const std::string& target, const std::string& path, const audit::Witness& witness
);

}  // namespace wardline::admin
