#include "server/net/unauthenticated_count.hpp"

#include "server/limits.hpp"

namespace wardline::server {

std::optional<UnauthenticatedCount::Place> UnauthenticatedCount::enter(std::string_view address) {
    std::string key = limit_key(address);
    std::uint32_t& places = places_[key];
    if (places >= max_) return std::nullopt;
    ++places;
    return Place{*this, std::move(key)};
}

void UnauthenticatedCount::leave(const std::string& key) {
    const auto found = places_.find(key);
    if (found != places_.end() && --found->second == 0) places_.erase(found);
}

}  // namespace wardline::server
