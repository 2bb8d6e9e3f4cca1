#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/class.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

// Whether messages are shown as they were written: each device numbers what it writes in a thread
// without gaps, and names the last message that its author had seen. A server that repeats,
// reorders or drops messages contradicts one of the two. Pure.
namespace wardline::client {

// Where one message of the journal stands. The author's part is missing where the payload is gone;
// of an erased one nothing but the number is known, and that it was a message.
struct Place {
    Seq seq{0};
    bool erased{false};
    DeviceId device;
    trust::Audience audience{trust::Audience::all};
    Hash hash;
    std::optional<std::uint64_t> counter{};
    Hash prev{};
};

struct Followed {
    // Not so: the message that its author claims to have seen last was not among the places.
    bool prev{true};
    // The erased messages that stand for numbers that the device left out.
    std::vector<Seq> accounted{};
};

class ThreadOrder {
public:
    // `whole`: places come from the thread's first message on; otherwise from anywhere on.
    explicit ThreadOrder(bool whole) : whole_{whole} {}

    // The number of a device's newest message, and the newest entry that said so.
    struct Counted {
        std::uint64_t counter{0};
        Seq seq{0};
    };

    // What is known from before.
    void remember(const DeviceId& device, trust::Audience audience, const Counted& counted) {
        counters_[{device, audience}] = counted;
    }
    void remember_erased(Seq seq, bool accounted);
    std::optional<Counted> counter(const DeviceId& device, trust::Audience audience) const;

    // The next place in the order of the journal. `trust_alarm` for what the server alone can have
    // caused.
    Result<Followed> take(const Place& place);

private:
    using Key = std::pair<DeviceId, trust::Audience>;

    Result<std::vector<Seq>> number(const Place& place);
    // As many erased messages between the two as numbers are missing; nothing if there are fewer.
    std::optional<std::vector<Seq>> account(Seq after, Seq before, std::uint64_t missing);

    bool whole_;
    bool any_erased_{false};
    Seq last_{0};
    std::map<Key, Counted> counters_;
    std::map<Key, std::uint64_t> unnumbered_;
    std::set<Seq> erased_;  // That stand for no number yet.
    std::set<Hash> seen_;
};

}  // namespace wardline::client
