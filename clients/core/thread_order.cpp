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

void ThreadOrder::remember_erased(Seq seq, bool accounted) {
    any_erased_ = true;
    if (!accounted) erased_.insert(seq);
}

std::optional<ThreadOrder::Counted> ThreadOrder::counter(
    const DeviceId& device, trust::Audience audience
) const {
    const auto known = counters_.find({device, audience});
    return known == counters_.end() ? std::nullopt : std::optional{known->second};
}

Result<Followed> ThreadOrder::take(const Place& place) {
    if (place.seq <= last_) return alarm(place.seq, "messages stand in another order");
    last_ = place.seq;
    if (place.erased) {
        remember_erased(place.seq, false);
        return Followed{};
    }
    Followed out;
    if (place.counter) {
        WARDLINE_TRY(out.accounted, number(place));
        // An erased message may be the one that its author had seen last.
        out.prev = place.prev.is_zero() || any_erased_ || seen_.contains(place.prev);
    } else if (const auto known = counters_.find({place.device, place.audience});
               known != counters_.end()) {
        // Its number went with its payload, but it had one.
        ++known->second.counter;
    } else {
        ++unnumbered_[{place.device, place.audience}];
    }
    seen_.insert(place.hash);
    return out;
}

Result<std::vector<Seq>> ThreadOrder::number(const Place& place) {
    const Key key{place.device, place.audience};
    const auto known = counters_.find(key);
    std::vector<Seq> accounted;
    if (known != counters_.end() || whole_) {
        const auto last =
            known != counters_.end() ? known->second : Counted{.counter = unnumbered_[key]};
        const auto expected = last.counter + 1;
        if (*place.counter < expected) return alarm(place.seq, "a message is repeated");
        auto found = account(last.seq, place.seq, *place.counter - expected);
        if (!found) return alarm(place.seq, "a message is missing before the one");
        accounted = *std::move(found);
    }
    counters_[key] = {*place.counter, place.seq};
    return accounted;
}

std::optional<std::vector<Seq>> ThreadOrder::account(Seq after, Seq before, std::uint64_t missing) {
    std::vector<Seq> out;
    for (auto each = erased_.upper_bound(after);
         out.size() < missing && each != erased_.end() && *each < before;) {
        out.push_back(*each);
        each = erased_.erase(each);
    }
    if (out.size() < missing) return std::nullopt;
    return out;
}

}  // namespace wardline::client
