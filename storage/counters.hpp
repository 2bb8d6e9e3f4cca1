#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/trust/class.hpp"
#include "storage/task.hpp"

#include <cstdint>

// The counters of messages, as committed. The journal writer checks and moves them.
namespace wardline::storage {

class Database;

class Counters {
public:
    explicit Counters(Database& database) : database_{database} {}

    // The highest counter stored; 0 before the first message.
    Task<std::uint64_t> last(DeviceId device, ThreadId thread, trust::Audience audience);

private:
    Database& database_;
};

}  // namespace wardline::storage
