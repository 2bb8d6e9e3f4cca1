#pragma once

#include "protocol/base/error.hpp"
#include "protocol/base/ids.hpp"
#include "server/acts/act.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

// What accounts were refused, on its way into the journal. Each refusal is an entry of its own, up
// to some a minute for each device; beyond that those of one minute, act and code are one entry
// with their count, so that nobody fills the journal by asking for what they may not have. One
// thread.
namespace wardline::server {

class RefusalBook {
public:
    static constexpr unsigned kSinglesAMinute = 10;
    static constexpr std::size_t kKeysMax = 16'384;

    // True: it is to be an entry now. Otherwise it is counted. Without a device an invite asked:
    // all invites together are one asker.
    bool take(const Asker& asker, Code code, Instant now);

    struct Counted {
        Asker asker;  // The first one's device and act.
        Code code{};
        std::uint64_t count{0};
    };
    // What was counted since the last time.
    std::vector<Counted> take_counted();

private:
    struct Minute {
        std::uint64_t number{0};
        unsigned taken{0};
    };
    std::unordered_map<DeviceId, Minute> minutes_;
    std::map<std::tuple<DeviceId, std::string_view, Code>, std::uint64_t> counted_;
};

}  // namespace wardline::server
