#pragma once

#include "storage/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace wardline::testing {

constexpr std::chrono::seconds kTaskLimit{60};

// Runs the context until the task has an answer; what else is spawned on it goes on meanwhile.
template <class T>
Result<T> run(boost::asio::io_context& io, storage::Task<T> task) {
    std::optional<Result<T>> answer;
    std::exception_ptr thrown;
    boost::asio::co_spawn(
        io,
        [](storage::Task<T> work, std::optional<Result<T>>& out) -> boost::asio::awaitable<void> {
            out = co_await std::move(work);
        }(std::move(task), answer),
        [&thrown](std::exception_ptr error) { thrown = error; }
    );
    io.restart();
    const auto end = std::chrono::steady_clock::now() + kTaskLimit;
    while (!answer && !thrown) {
        if (std::chrono::steady_clock::now() >= end)
            throw std::runtime_error{"a task does not end"};
        io.run_one_for(std::chrono::milliseconds{100});
    }
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(answer);
}

// Runs the context until `done`. False when it does not come true in time.
template <class Done>
bool run_until(boost::asio::io_context& io, Done done) {
    io.restart();
    const auto end = std::chrono::steady_clock::now() + kTaskLimit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        io.run_one_for(std::chrono::milliseconds{20});
    }
    return true;
}

}  // namespace wardline::testing
