#pragma once

#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <optional>
#include <vector>

// Signal prekeys of devices. A one-time key is handed out once, whatever node is asked.
namespace wardline::storage {

class Database;

struct SignedPrekey {
    std::uint32_t id{0};
    Bytes key;
    Bytes sig;
    bool operator==(const SignedPrekey&) const = default;
};

struct OneTimePrekey {
    std::uint32_t id{0};
    Bytes key;
    bool operator==(const OneTimePrekey&) const = default;
};

struct PrekeyBundle {
    DeviceId device;
    std::uint32_t registration{0};
    SignedPrekey signed_prekey;
    std::optional<OneTimePrekey> one_time;
};

struct PrekeyCounts {
    std::uint32_t one_time{0};
    std::uint32_t signed_id{0};  // 0: none.
};

class Prekeys {
public:
    static constexpr std::size_t kOneTimeMax = 200;  // Kept for one device; more are refused.

    explicit Prekeys(Database& database) : database_{database} {}

    // Replaces the signed prekey where one is given, adds one-time keys; an id put twice keeps its
    // first key. `too_large` beyond kOneTimeMax. Answers the number of one-time keys now held.
    Task<std::uint32_t> put(
        DeviceId device,
        std::uint32_t registration,
        std::optional<SignedPrekey> signed_prekey,
        std::vector<OneTimePrekey> one_time
    );
    // One bundle for each device that has a signed prekey; takes its one-time key for good.
    Task<std::vector<PrekeyBundle>> take(std::vector<DeviceId> devices);
    Task<PrekeyCounts> counts(DeviceId device);
    // Of a revoked device: nothing is handed out any more.
    Task<void> forget(DeviceId device);

private:
    Database& database_;
};

}  // namespace wardline::storage
