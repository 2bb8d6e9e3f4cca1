#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wardline::server {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

// "debug", "info", "warn" or "error"; nothing for any other text.
std::optional<LogLevel> log_level_of(std::string_view text);

}  // namespace wardline::server
