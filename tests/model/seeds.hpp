#pragma once

#include <cstdint>
#include <functional>

// How many schedules a model test goes through, and how one of them is found again: every failure
// names its seed, and `--seed N` runs that schedule alone.
namespace wardline::model {

// --seeds COUNT (default 500), --first N (default 1), or --seed N. Takes them from the arguments.
void read_seed_options(int& argc, char** argv);

// Runs the schedule of each seed until one fails. `share`: one seed in so many, for what is dear.
void for_each_seed(const std::function<void(std::uint64_t seed)>& schedule, unsigned share = 1);

// Whether this run goes through many seeds, so that figures over all of them mean something.
bool many_seeds();

}  // namespace wardline::model
