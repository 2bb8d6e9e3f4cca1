#pragma once

#include "protocol/base/error.hpp"

#include <string_view>

namespace wardline::storage::pg {

// The one table from PostgreSQL's error codes to ours. An unknown or empty one is `unavailable`
// where it speaks of the connection or the server's state, and `internal` where it is our fault.
Code code_of(std::string_view sqlstate) noexcept;

}  // namespace wardline::storage::pg
