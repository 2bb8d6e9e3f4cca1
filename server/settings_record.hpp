#pragma once

#include "protocol/base/result.hpp"
#include "server/config.hpp"

#include <map>
#include <string>
#include <vector>

// Which settings are not what they were when this node last started, so that the trail can say so.
// Only names enter the trail: a value may hold a password.
namespace wardline::server {

// By the name that docs/operations.md gives them.
std::map<std::string, std::string> settings_of(const Config& config);

// Compares with what the data folder remembers (a hash of each, in the file `settings-seen`). Empty
// at a node's first start. An error where the folder cannot be read.
Result<std::vector<std::string>> changed_settings(const Config& config);
// Remembers the present ones: once the entry that names those that changed is committed.
Result<void> remember_settings(const Config& config);

}  // namespace wardline::server
