#pragma once

#include "clients/cli/handover_protocol.hpp"
#include "protocol/base/result.hpp"

#include <chrono>
#include <filesystem>
#include <optional>

namespace wardline::cli {

constexpr std::chrono::seconds kHandoverLimit{180};

// Gives the request to whoever holds the home. Nothing when it certainly did not run: nobody
// listens, or the holder is ending. `local_store` when the holder ended after it had begun, so that
// nobody knows. Never longer than kHandoverLimit.
Result<std::optional<HandoverReply>> hand_over(
    const std::filesystem::path& home, const HandoverRequest& request
);

}  // namespace wardline::cli
