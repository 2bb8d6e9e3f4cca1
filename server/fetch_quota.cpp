#include "server/fetch_quota.hpp"

namespace wardline::server {

std::optional<std::chrono::milliseconds> FetchQuota::wait(const std::string& key, Time now) const {
    const auto found = windows_.find(key);
    if (found == windows_.end() || found->second.end <= now || found->second.count < most_) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(found->second.end - now);
}

void FetchQuota::given(const std::string& key, Time now, std::uint64_t count) {
    if (windows_.size() >= keys_max_) {
        std::erase_if(windows_, [now](const auto& item) { return item.second.end <= now; });
    }
    auto& window = windows_[key];
    if (window.end <= now) window = {now + window_, 0};
    window.count += count;
}

}  // namespace wardline::server
