#pragma once

#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <vector>

// What the server remembers of devices outside of the chains.
namespace wardline::storage {

class Database;

struct DeviceSeen {
    DeviceId device;
    std::uint64_t generation{0};  // The store's count at the last login.
    Instant last_seen;
};

class Devices {
public:
    explicit Devices(Database& database) : database_{database} {}

    // Every device that has ever logged in, by pages: those behind `after`, in order of id.
    Task<std::vector<DeviceSeen>> page(const DeviceId& after, std::size_t limit);
    // Of these devices, those seen at or after `since`, the last seen first, at most `limit`.
    Task<std::vector<DeviceSeen>> seen_since(
        std::vector<DeviceId> devices, Instant since, std::size_t limit
    );

private:
    Database& database_;
};

}  // namespace wardline::storage
