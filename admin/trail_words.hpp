#pragma once

#include "audit/trail.hpp"
#include "clients/terminal/outcome.hpp"

#include <string>

// Entries of the trail for people and for programs.
namespace wardline::admin {

// As a line of the JSONL export has it, docs/audit.md "Formats".
terminal::Json trail_json(const audit::TrailEntry& entry);

// Who acted: an account's name, "root key or invite", "server", "strangers"; empty where erased.
std::string who(const audit::TrailEntry& entry);
// What they did, in one sentence without a full stop.
std::string what(const audit::TrailEntry& entry);

}  // namespace wardline::admin
