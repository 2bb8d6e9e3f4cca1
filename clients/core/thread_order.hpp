#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/class.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

// Whether messages are shown as they were written: each device numbers what it writes in a thread
// without gaps, and names the last message that its author had seen. A server that repeats,
// reorders or drops messages contradicts one of the two. Pure.
namespace wardline::client {

// Where one message of the journal stands. The author's part is missing where the payload is gone.
struct Place {
    Seq seq{0};
    DeviceId device;
    trust::Audience audience{trust::Audience::all};
    Hash hash;
    std::optional<std::uint64_t> counter{};
    Hash prev{};
};

class ThreadOrder {
public:
    // `whole`: places come from the thread's first message on; otherwise from anywhere on.
    explicit ThreadOrder(bool whole) : whole_{whole} {}

    // What is known from before.
    void remember(const DeviceId& device, trust::Audience audience, std::uint64_t counter) {
        counters_[{device, audience}] = counter;
    }
    std::optional<std::uint64_t> counter(const DeviceId& device, trust::Audience audience) const;

    // The next place in the order of the journal. `trust_alarm` for what the server alone can have
    // caused. False: the message that its author claims to have seen last was not among the places.
    Result<bool> take(const Place& place);

private:
    bool whole_;
    Seq last_{0};
    std::map<std::pair<DeviceId, trust::Audience>, std::uint64_t> counters_;
    std::map<std::pair<DeviceId, trust::Audience>, std::uint64_t> unnumbered_;
    std::set<Hash> seen_;
};

}  // namespace wardline::client
