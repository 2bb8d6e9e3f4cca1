#pragma once

#include "protocol/base/result.hpp"

#include <string>

namespace wardline::testing {

// "ok", or the name of the error's code: reads well in EXPECT_EQ and when it fails.
template <class T>
std::string outcome_of(const Result<T>& result) {
    return result ? "ok" : std::string{name_of(result.error().code)};
}

}  // namespace wardline::testing
