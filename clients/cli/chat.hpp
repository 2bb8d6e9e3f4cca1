#pragma once

#include "clients/cli/invocation.hpp"

namespace wardline::cli {

// A conversation, line by line, until Ctrl-D or a signal ends it. Holds the home, whose lock the
// caller has.
Result<void> chat(
    const std::filesystem::path& home,
    client::Client& client,
    terminal::Console& console,
    const ChatArguments& arguments
);

}  // namespace wardline::cli
