#pragma once

#include <string_view>

namespace wardline::terminal {

constexpr std::string_view kVersion = WARDLINE_VERSION;

}  // namespace wardline::terminal
