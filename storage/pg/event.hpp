#pragma once

#include "storage/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

namespace wardline::storage::pg {

// Something that one coroutine waits for and others announce. An announcement without a waiter is
// remembered, several count as one. One thread.
class Event {
public:
    explicit Event(const net::any_io_executor& executor);
    ~Event();

    void notify();
    // Until notify() or the end of `limit`, whichever is first. True if announced.
    net::awaitable<bool> wait(std::chrono::milliseconds limit);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace wardline::storage::pg
