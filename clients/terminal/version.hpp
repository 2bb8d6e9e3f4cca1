#pragma once

#include <string_view>

namespace wardline::terminal {

constexpr std::string_view kVersion = "0.1.0";

}  // namespace wardline::terminal
