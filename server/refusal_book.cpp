#include "server/refusal_book.hpp"

namespace wardline::server {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;

}  // namespace

bool RefusalBook::take(const Asker& asker, Code code, Instant now) {
    const auto device = asker.device.value_or(DeviceId{});
    if (minutes_.size() >= kKeysMax) minutes_.clear();
    auto& minute = minutes_[device];
    const auto number = now.ms / kMinuteMs;
    if (minute.number != number) minute = {number, 0};
    if (minute.taken < kSinglesAMinute) {
        ++minute.taken;
        return true;
    }
    // Only devices that exist ask, so this never fills; if it did, nothing would go uncounted.
    if (counted_.size() >= kKeysMax) return true;
    ++counted_[{device, asker.act, code}];
    return false;
}

std::vector<RefusalBook::Counted> RefusalBook::take_counted() {
    std::vector<Counted> out;
    for (const auto& [key, count] : counted_) {
        const auto& [device, act, code] = key;
        Asker asker{.act = act};
        if (device != DeviceId{}) asker.device = device;
        out.push_back({asker, code, count});
    }
    counted_.clear();
    return out;
}

}  // namespace wardline::server
