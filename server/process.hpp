#pragma once

#include "protocol/base/result.hpp"

#include <cstdint>

// What a process that holds keys does first, and with what it ends.
namespace wardline::server {

// No core dumps, and no other process of the same user may look into this one.
void forbid_dumps();
// Raises the soft limit of open files to the hard one; answers the limit.
std::uint64_t raise_file_limit();

// 2 usage, 3 refused, 4 the database cannot be reached, 6 files, 1 a fault.
int exit_code(Code code) noexcept;

}  // namespace wardline::server
