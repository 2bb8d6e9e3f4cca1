#pragma once

#include <string>
#include <vector>

namespace wardline::admin {

// The whole program: reads the arguments behind its name, runs the command, and says what went
// wrong. The exit code.
int run(const std::vector<std::string>& arguments);

}  // namespace wardline::admin
