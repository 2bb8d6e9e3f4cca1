#include "server/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace wardline::server {

TaskGroup::TaskGroup(net::any_io_executor executor, const Log& log)
    : executor_{std::move(executor)}, log_{log}, ended_{executor_} {}

void TaskGroup::spawn(net::awaitable<void> task) {
    ++running_;
    net::co_spawn(executor_, std::move(task), [this](const std::exception_ptr& fault) {
        try {
            if (fault) std::rethrow_exception(fault);
        } catch (const std::exception& error) {
            log_.error("task_failed", {LogField::reason(error.what())});
        }
        if (--running_ == 0) ended_.cancel();
    });
}

net::awaitable<bool> TaskGroup::all_ended(std::chrono::milliseconds limit) {
    ended_.expires_after(limit);
    while (running_ != 0 && ended_.expiry() > std::chrono::steady_clock::now()) {
        co_await ended_.async_wait(net::as_tuple(net::use_awaitable));
    }
    co_return running_ == 0;
}

}  // namespace wardline::server
