#pragma once

#include <cstdint>

namespace wardline::server {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

}  // namespace wardline::server
