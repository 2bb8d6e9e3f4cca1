#pragma once

#include <cstdlib>

// What a fuzz target says about what it has found: a crash, which libFuzzer reports with its input.
namespace wardline::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace wardline::fuzz
