#pragma once

#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <string>

// Questions to the person at /dev/tty, also while standard input and output are pipes. `usage`
// where there is no terminal, or the person broke off with Ctrl-C or Ctrl-D.
namespace wardline::terminal {

constexpr std::size_t kAnswerBytesMax = 4096;

Result<std::string> ask_line(const std::string& question);
// Without echo. The terminal gets its settings back whatever happens short of SIGKILL.
Result<SecretBytes> ask_secret(const std::string& question);

}  // namespace wardline::terminal
