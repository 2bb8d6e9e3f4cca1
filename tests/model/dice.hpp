#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// The one source of chance of a model test: the same seed gives the same schedule, on every machine
// and for ever. Not for keys.
namespace wardline::model {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_{seed} {}

    // SplitMix64.
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // From 0 to bound - 1.
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
    // True `percent` times in a hundred.
    bool chance(unsigned percent) { return below(100) < percent; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace wardline::model
