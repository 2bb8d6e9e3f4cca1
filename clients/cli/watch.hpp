#pragma once

#include "clients/cli/invocation.hpp"

namespace wardline::cli {

// Shows what comes until a signal ends it. Holds the home, whose lock the caller has.
Result<void> watch(
    const std::filesystem::path& home,
    client::Client& client,
    terminal::Console& console,
    const WatchArguments& arguments
);

}  // namespace wardline::cli
