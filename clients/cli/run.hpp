#pragma once

#include <string>
#include <vector>

namespace wardline::cli {

// The whole program: reads the arguments behind its name, takes the home or hands the command to
// who holds it, runs, and says what went wrong. The exit code. Called once, before any thread was
// started.
int run(const std::vector<std::string>& arguments);

}  // namespace wardline::cli
