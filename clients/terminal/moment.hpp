#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <string_view>

// Moments as people type them. Pure; any thread.
namespace wardline::terminal {

// "2026-11-21" (its beginning), "2026-11-21T22:34" or "2026-11-21T22:34:13Z", with or without the
// Z: in UTC, so that a script means the same everywhere. `usage` with a sentence otherwise.
Result<Instant> parse_moment(std::string_view text);

}  // namespace wardline::terminal
