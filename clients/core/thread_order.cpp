#include "clients/core/thread_order.hpp"

#include <string>

namespace wardline::client {
namespace {

Error alarm(Seq seq, std::string_view what) {
    return Error{
        Code::trust_alarm,
        "the server does not show this thread as it was written: " + std::string{what} +
            " at entry " + std::to_string(seq)
    };
}

}  // namespace

std::optional<std::uint64_t> ThreadOrder::counter(const DeviceId& device, trust::Audience audience)
    const {
    const auto known = counters_.find({device, audience});
    return known == counters_.end() ? std::nullopt : std::optional{known->second};
}

Result<bool> ThreadOrder::take(const Place& place) {
    if (place.seq <= last_) return alarm(place.seq, "messages stand in another order");
    last_ = place.seq;
    const std::pair key{place.device, place.audience};
    const auto known = counters_.find(key);
    if (!place.counter) {
        // Its number went with its payload, but it had one.
        if (known != counters_.end()) {
            ++known->second;
        } else {
            ++unnumbered_[key];
        }
        seen_.insert(place.hash);
        return true;
    }
    if (known != counters_.end() || whole_) {
        const auto expected = (known != counters_.end() ? known->second : unnumbered_[key]) + 1;
        if (*place.counter < expected) return alarm(place.seq, "a message is repeated");
        if (*place.counter > expected)
            return alarm(place.seq, "a message is missing before the one");
    }
    counters_[key] = *place.counter;
    const bool follows = place.prev.is_zero() || seen_.contains(place.prev);
    seen_.insert(place.hash);
    return follows;
}

}  // namespace wardline::client
