#pragma once

#include "server/connection.hpp"
#include "server/services.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

// What happens by the clock: receipts and heads a second, receipt entries a minute, presence an
// hour, expiry and the erasure of old details a day; and the key ring kept full. One thread.
namespace wardline::server {

class Ticker {
public:
    explicit Ticker(Services& services);

    // Until stop(). Spawn it once.
    net::awaitable<void> run();
    // Ends run(); what is noted of receipts is written first.
    void stop();

    // The jobs themselves, for tests and for run().
    storage::Task<void> push_receipts();
    void push_head();
    void file_receipts();
    void file_refused(bool all);
    std::uint64_t turned_away();
    void note_presence();
    storage::Task<void> fill_key_ring();
    storage::Task<void> erase_details();

private:
    net::awaitable<void> tick();
    void watch_disk();
    void report(const Result<void>& done);

    Services& services_;
    net::steady_timer timer_;
    std::chrono::steady_clock::time_point minute_;
    std::chrono::steady_clock::time_point hour_;
    std::chrono::steady_clock::time_point day_;
    Bytes pushed_head_;
    std::uint64_t turned_away_{0};
    std::uint64_t erased_at_{0};  // The chains' version when details were last erased.
    bool stopping_{false};
};

}  // namespace wardline::server
