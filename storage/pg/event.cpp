#include "storage/pg/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wardline::storage::pg {

struct Event::Impl {
    explicit Impl(const net::any_io_executor& executor) : timer{executor} {}
    net::steady_timer timer;
    bool announced{false};
};

Event::Event(const net::any_io_executor& executor) : impl_{std::make_shared<Impl>(executor)} {}
Event::~Event() {
    impl_->timer.cancel();
}

void Event::notify() {
    impl_->announced = true;
    impl_->timer.cancel();
}

net::awaitable<bool> Event::wait(std::chrono::milliseconds limit) {
    // The event may be destroyed while somebody waits.
    const auto impl = impl_;
    if (!impl->announced) {
        impl->timer.expires_after(limit);
        co_await impl->timer.async_wait(net::as_tuple(net::use_awaitable));
    }
    co_return std::exchange(impl->announced, false);
}

}  // namespace wardline::storage::pg
