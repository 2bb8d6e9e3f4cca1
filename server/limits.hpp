#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

// Token buckets with time as an argument, and a bounded map of them. One thread.
namespace wardline::server {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Rate {
    double per_second;
    double burst;  // How many may come at once after a rest; at least 1.
};

class TokenBucket {
public:
    TokenBucket(const Rate& rate, SteadyTime now) : tokens_{rate.burst}, updated_{now} {}

    // Nothing when `cost` is granted; otherwise how long to wait until it would be, and nothing is
    // taken.
    std::optional<std::chrono::milliseconds> take(
        const Rate& rate, SteadyTime now, double cost = 1
    );

private:
    double tokens_;
    SteadyTime updated_;
};

// One bucket for each key. At most `keys_max` keys are remembered; the one not used for longest is
// forgotten first, so memory is bounded whatever comes in.
template <class Key>
class RateLimiter {
public:
    RateLimiter(Rate rate, std::size_t keys_max) : rate_{rate}, keys_max_{keys_max} {}

    // As TokenBucket::take.
    std::optional<std::chrono::milliseconds> take(const Key& key, SteadyTime now, double cost = 1) {
        const auto found = index_.find(key);
        if (found != index_.end()) {
            used_.splice(used_.begin(), used_, found->second);
        } else {
            if (index_.size() >= keys_max_) {
                index_.erase(used_.back().first);
                used_.pop_back();
            }
            used_.emplace_front(key, TokenBucket{rate_, now});
            index_.emplace(key, used_.begin());
        }
        return used_.front().second.take(rate_, now, cost);
    }
    std::size_t size() const noexcept { return index_.size(); }

private:
    using Used = std::list<std::pair<Key, TokenBucket>>;  // Most recently used first.

    Rate rate_;
    std::size_t keys_max_;
    Used used_;
    std::unordered_map<Key, typename Used::iterator> index_;
};

// How an address counts for limits: an IPv4 address as it is, an IPv6 address as its /64, since
// whoever has one has all.
std::string limit_key(std::string_view numeric_address);

}  // namespace wardline::server
