#include "tests/bench/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fmt/core.h>

namespace wardline::bench {
namespace {

std::string number(double value) {
    if (value >= 100 || value == std::floor(value)) return fmt::format("{:.0f}", value);
    return fmt::format("{:.2f}", value);
}

}  // namespace

double Report::value(const std::string& name) const {
    const auto found =
        std::ranges::find_if(figures_, [&](const auto& figure) { return figure.first == name; });
    return found == figures_.end() ? 0 : found->second;
}

void Report::print(bool json) const {
    fmt::print("{}\n", title_);
    for (const auto& [name, value] : figures_) fmt::print("  {:<34}{:>14}\n", name, number(value));
    for (const auto& sentence : notes_) fmt::print("  {}\n", sentence);
    for (const auto& sentence : missed_) fmt::print("  MISSED: {}\n", sentence);
    if (!json) return;
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, value] : figures_) object[name] = std::round(value * 100) / 100;
    fmt::print("{}\n", object.dump());
}

double percentile(std::vector<std::uint32_t>& values, double share) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
    return values[at];
}

}  // namespace wardline::bench
