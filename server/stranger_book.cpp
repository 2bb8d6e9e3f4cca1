#include "server/stranger_book.hpp"

namespace wardline::server {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::size_t kCountsMax = 4'096;  // While the database is away minutes wait here.

bool is_refusal(Code code) noexcept {
    return is_published(code) && code != Code::internal && code != Code::unavailable &&
           code != Code::shutting_down && code != Code::read_only;
}

}  // namespace

void StrangerBook::refused(std::string_view act, Code code, Instant now, std::uint64_t times) {
    if (!is_refusal(code) || times == 0) return;
    const auto key = std::tuple{now.ms / kMinuteMs, act, code};
    const auto known = counts_.find(key);
    if (known != counts_.end()) {
        known->second += times;
    } else if (counts_.size() < kCountsMax) {
        counts_.emplace(key, times);
    } else {
        counts_.rbegin()->second += times;  // Under another reason rather than not at all.
    }
}

std::vector<StrangerBook::Count> StrangerBook::take(Instant now, bool all) {
    std::vector<Count> out;
    for (auto entry = counts_.begin(); entry != counts_.end();) {
        const auto& [minute, act, code] = entry->first;
        if (!all && minute >= now.ms / kMinuteMs) break;
        out.push_back({act, code, Instant{minute * kMinuteMs}, entry->second});
        entry = counts_.erase(entry);
    }
    return out;
}

}  // namespace wardline::server
