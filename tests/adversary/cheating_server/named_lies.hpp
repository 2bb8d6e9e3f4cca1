#pragma once

#include "tests/adversary/cheating_server/lies.hpp"

#include <optional>
#include <string_view>

namespace wardline::adversary {

// Lies for people to see, by name: "honest" (none), "add-reader", "swap-key", "hide-message",
// "old-record". Nothing for another name.
std::optional<Lies> lies_named(std::string_view name);

}  // namespace wardline::adversary
