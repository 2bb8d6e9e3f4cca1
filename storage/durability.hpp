#pragma once

#include "protocol/base/result.hpp"

#include <string>
#include <vector>

namespace wardline::storage {

// Settings of a database under which something acknowledged could be lost, such as "fsync=off";
// none where a committed write is on the disk. Blocking. Our own clusters never have any.
Result<std::vector<std::string>> unsafe_settings(const std::string& conninfo);

}  // namespace wardline::storage
