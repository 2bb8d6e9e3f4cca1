#include "clients/core/backoff.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace wardline::client {
namespace {

// A server that restarts takes a clinic's devices back at its own pace: whoever it could not take
// at once asks again soon. One that stays away is asked seldom.
constexpr Milliseconds kSoon{8'000};
constexpr std::uint32_t kFailuresSoon = 12;
constexpr Milliseconds kLongest{60'000};
// A server may not send its clients away for longer than this.
constexpr Milliseconds kRetryAfterMax{10 * 60'000};

}  // namespace

Milliseconds Backoff::bound(std::uint32_t failures) {
    if (failures >= kFailuresSoon) return kLongest;
    return std::min(kSoon, Milliseconds{1000} * (1 << failures));
}

Milliseconds Backoff::next(std::optional<Milliseconds> retry_after) {
    std::array<std::uint8_t, sizeof(std::uint32_t)> raw{};
    random_.fill(raw);
    std::uint32_t drawn{0};
    std::memcpy(&drawn, raw.data(), sizeof drawn);
    const auto limit = static_cast<std::uint64_t>(bound(failures_).count());
    const Milliseconds jitter{static_cast<std::int64_t>(drawn * (limit + 1) >> 32)};
    if (failures_ < kFailuresSoon) ++failures_;
    if (!retry_after) return jitter;
    return std::clamp(*retry_after, Milliseconds{0}, kRetryAfterMax) + jitter;
}

}  // namespace wardline::client
