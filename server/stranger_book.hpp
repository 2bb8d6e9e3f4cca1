#pragma once

#include "protocol/base/error.hpp"
#include "protocol/base/ids.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

// What was refused before anybody had logged in: counted by what was tried, the reason and the
// minute, and nothing of what was typed. So a flood of strangers is some entries a minute. One
// thread.
namespace wardline::server {

class StrangerBook {
public:
    struct Count {
        std::string_view act;
        Code code{};
        Instant from;  // When the minute began.
        std::uint64_t count{0};
    };

    // `act`: a word of the registry for entries of kind `strangers`. Faults of the server and a
    // database that is away are no refusals and are not counted.
    void refused(std::string_view act, Code code, Instant now, std::uint64_t times = 1);

    // The minutes that are over; at the end, with `all`, the one that is not as well.
    std::vector<Count> take(Instant now, bool all = false);

private:
    // Minute, act, code: as many as there are acts and codes, since a minute leaves soon after its
    // end.
    std::map<std::tuple<std::uint64_t, std::string_view, Code>, std::uint64_t> counts_;
};

}  // namespace wardline::server
