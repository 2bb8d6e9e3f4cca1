#pragma once

#include "protocol/base/result.hpp"

#include <string>
#include <string_view>

namespace wardline::terminal {

// A QR code of `text` in half blocks, two rows of modules a line, with a quiet zone. Light modules
// are drawn, which is the right way round on a dark terminal; phones read both. `usage` when the
// text is too long for a code.
Result<std::string> qr_code(std::string_view text);

}  // namespace wardline::terminal
