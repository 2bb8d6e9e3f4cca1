#include "tests/edge/crowd/welch.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace wardline::edge {
namespace {

struct Moments {
    double mean{0};
    double variance_of_mean{0};
};

Moments moments_of(std::vector<double>& values) {
    constexpr std::size_t kLeast = 10;
    if (values.size() < kLeast) throw std::invalid_argument{"too few samples"};
    std::ranges::sort(values);
    values.resize(values.size() - values.size() / 10);
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {mean, squares / (count - 1) / count};
}

}  // namespace

double welch_t(std::vector<double> one, std::vector<double> other) {
    const auto a = moments_of(one);
    const auto b = moments_of(other);
    const double spread = std::sqrt(a.variance_of_mean + b.variance_of_mean);
    if (spread == 0) return a.mean == b.mean ? 0 : HUGE_VAL;
    return (a.mean - b.mean) / spread;
}

}  // namespace wardline::edge
