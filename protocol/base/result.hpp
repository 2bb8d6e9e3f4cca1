#pragma once

#include "protocol/base/error.hpp"

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/coroutine_support.hpp>
#include <boost/outcome/policy/base.hpp>
#include <boost/outcome/try.hpp>

#include <utility>

// The one place that chooses how errors are values: Boost.Outcome's basic_result. value() on an
// error, and error() on a value, is a broken invariant and throws std::logic_error.
namespace wardline {

struct BrokenResultPolicy : boost::outcome_v2::policy::base {
    template <class Impl>
    static constexpr void wide_value_check(Impl&& self) {
        if (!base::_has_value(std::forward<Impl>(self)))
            broken_result("value() of a Result that holds an error");
    }
    template <class Impl>
    static constexpr void wide_error_check(Impl&& self) {
        if (!base::_has_error(std::forward<Impl>(self)))
            broken_result("error() of a Result that holds a value");
    }
    template <class Impl>
    static constexpr void wide_exception_check(Impl&&) {}

private:
    [[noreturn]] static void broken_result(const char* what);
};

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, BrokenResultPolicy>;

inline auto success() noexcept {
    return boost::outcome_v2::success();
}

}  // namespace wardline

// TRY(auto x, expression): x is the value, or the error returns to the caller. CO_TRY in
// coroutines.
#define WARDLINE_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define WARDLINE_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
