#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

// How many of something that is used up one key has been given in its window of time. Unlike a
// token bucket it counts afterwards: asking for what is not there costs nothing. One thread.
namespace wardline::server {

class FetchQuota {
public:
    using Time = std::chrono::steady_clock::time_point;

    FetchQuota(std::uint64_t most, std::chrono::seconds window, std::size_t keys_max = 16'384)
        : most_{most}, window_{window}, keys_max_{keys_max} {}

    // Nothing while the key has not been given too many; otherwise how long to wait.
    std::optional<std::chrono::milliseconds> wait(const std::string& key, Time now) const;
    void given(const std::string& key, Time now, std::uint64_t count = 1);

private:
    struct Window {
        Time end;
        std::uint64_t count{0};
    };

    std::uint64_t most_;
    std::chrono::seconds window_;
    std::size_t keys_max_;
    std::unordered_map<std::string, Window> windows_;
};

}  // namespace wardline::server
