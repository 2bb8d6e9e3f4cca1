#pragma once

#include "audit/witness.hpp"
#include "protocol/base/result.hpp"

#include <string>
#include <vector>

// Files of signed heads, one a line, as `audit witness` appends to them.
namespace wardline::admin {

// `usage` with the line's number where one has no form; nothing is verified.
Result<std::vector<audit::Witness>> read_witnesses(const std::string& file);
// One line behind those that are there, synced to the disk. A new file is readable by its owner
// alone.
Result<void> append_witness(const std::string& file, const audit::Witness& witness);

}  // namespace wardline::admin
