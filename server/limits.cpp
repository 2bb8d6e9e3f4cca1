#include "server/limits.hpp"

#include <arpa/inet.h>
#include <array>
#include <cmath>

namespace wardline::server {

std::optional<std::chrono::milliseconds> TokenBucket::take(
    const Rate& rate, SteadyTime now, double cost
) {
    if (now > updated_) {
        const std::chrono::duration<double> passed = now - updated_;
        tokens_ = std::min(rate.burst, tokens_ + passed.count() * rate.per_second);
        updated_ = now;
    }
    constexpr double kRounding = 1e-9;
    if (tokens_ + kRounding >= cost) {
        tokens_ -= cost;
        return std::nullopt;
    }
    const double seconds = (cost - tokens_) / rate.per_second;
    return std::chrono::milliseconds{static_cast<std::int64_t>(
        std::ceil(std::min(seconds, 86'400.0) * 1'000 - kRounding * 1'000)
    )};
}

std::string limit_key(std::string_view numeric_address) {
    constexpr std::size_t kPrefixBytes = 8;
    std::array<char, 16> address{};
    const std::string text{numeric_address.substr(0, numeric_address.find('%'))};
    if (inet_pton(AF_INET6, text.c_str(), address.data()) != 1) return std::string{numeric_address};
    return "v6" + std::string{address.data(), kPrefixBytes};
}

}  // namespace wardline::server
