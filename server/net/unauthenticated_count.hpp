#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace wardline::server {

// How many connections without a login each address has. One address may stand for a clinic, so a
// login frees its place.
class UnauthenticatedCount {
public:
    explicit UnauthenticatedCount(std::uint32_t per_address_max) : max_{per_address_max} {}

    // Holds one place until it is destroyed.
    class Place {
    public:
        Place() = default;
        Place(UnauthenticatedCount& count, std::string key)
            : count_{&count}, key_{std::move(key)} {}
        Place(Place&& other) noexcept
            : count_{std::exchange(other.count_, nullptr)}, key_{std::move(other.key_)} {}
        Place& operator=(Place&& other) noexcept {
            std::swap(count_, other.count_);
            std::swap(key_, other.key_);
            return *this;
        }
        ~Place() {
            if (count_) count_->leave(key_);
        }

    private:
        UnauthenticatedCount* count_{nullptr};
        std::string key_;
    };

    // Nothing when the address has as many as it may.
    std::optional<Place> enter(std::string_view address);

private:
    void leave(const std::string& key);

    std::uint32_t max_;
    std::unordered_map<std::string, std::uint32_t> places_;
};

}  // namespace wardline::server
