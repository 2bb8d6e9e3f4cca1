#pragma once

#include "server/connection.hpp"
#include "server/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>

// Coroutines that somebody waits for. What stops them is their owners' business (a closed socket, a
// flag); the group knows when the last has ended, and logs an exception that left one. Outlives its
// coroutines; one thread.
namespace wardline::server {

class TaskGroup {
public:
    TaskGroup(net::any_io_executor executor, const Log& log);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(net::awaitable<void> task);
    std::size_t size() const noexcept { return running_; }

    // True when all have ended within the time.
    net::awaitable<bool> all_ended(std::chrono::milliseconds limit);

private:
    net::any_io_executor executor_;
    const Log& log_;
    std::size_t running_{0};
    net::steady_timer ended_;  // Cancelled when the last task ends.
};

}  // namespace wardline::server
