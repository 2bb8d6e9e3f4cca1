#pragma once

#include "storage/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>

namespace wardline::testing {

constexpr std::chrono::seconds kTaskLimit{60};

// Runs the context until the task has ended; what else is spawned on it goes on meanwhile. What the
// task writes is shared with it, since a task that does not end in time lives on when this function
// has thrown.
template <class T>
Result<T> run(boost::asio::io_context& io, storage::Task<T> task) {
    struct Outcome {
        std::optional<Result<T>> answer;
        std::exception_ptr thrown;
        bool ended{false};
    };
    const auto outcome = std::make_shared<Outcome>();
    boost::asio::co_spawn(
        io,
        [](storage::Task<T> work, std::shared_ptr<Outcome> out) -> boost::asio::awaitable<void> {
            out->answer = co_await std::move(work);
        }(std::move(task), outcome),
        [outcome](std::exception_ptr error) {
            outcome->thrown = error;
            outcome->ended = true;
        }
    );
    io.restart();
    const auto end = std::chrono::steady_clock::now() + kTaskLimit;
    while (!outcome->ended) {
        if (std::chrono::steady_clock::now() >= end)
            throw std::runtime_error{"a task does not end"};
        io.run_one_for(std::chrono::milliseconds{100});
    }
    if (outcome->thrown) std::rethrow_exception(outcome->thrown);
    return *std::move(outcome->answer);
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
