#pragma once

#include <vector>

namespace wardline::edge {

// Welch's t of two samples of unequal variance, after the slowest tenth of each is left out: what a
// busy machine adds comes in rare large steps and says nothing about the server. Each sample has at
// least ten values.
double welch_t(std::vector<double> one, std::vector<double> other);

}  // namespace wardline::edge
