// Everybody loses the connection at one moment, because the server was killed, and comes back as
// clients do: with full jitter, while it starts again.
#include "clients/core/backoff.hpp"
#include "tests/edge/crowd/asker.hpp"
#include "tests/edge/crowd/crowd.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/core.h>
#include <mutex>
#include <queue>
#include <stdexcept>
#include <thread>

namespace wardline::edge {
namespace {

using bench::BenchClinic;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kThreads = 24;
constexpr std::chrono::seconds kBackWithin{30};
constexpr std::chrono::seconds kGiveUp{180};
constexpr double kBytesEach = 48.0 * 1'024;
constexpr double kSlackBytes = 96.0 * 1'048'576;

// The clients of a clinic without their processes: each is due at a time, and tries.
class Storm {
public:
    Storm(BenchClinic& clinic, const std::vector<testing::TestDevice>& devices)
        : clinic_{clinic}, wires_(devices.size()), back_at_(devices.size()), devices_{devices} {
        for (std::size_t i = 0; i < devices.size(); ++i)
            backoffs_.emplace_back(crypto::system_random());
        const auto now = Clock::now();
        for (std::size_t i = 0; i < devices.size(); ++i) due_.push({now + backoffs_[i].next(), i});
        left_ = devices.size();
    }
    void begin() {
        for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
    }
    // True when all are back.
    bool wait(std::chrono::seconds limit) {
        std::unique_lock lock{mutex_};
        const bool all = changed_.wait_for(lock, limit, [this] { return left_ == 0; });
        stop_ = true;
        changed_.notify_all();
        lock.unlock();
        threads_.clear();
        return all;
    }
    std::vector<Clock::time_point> back_at() const { return back_at_; }
    std::size_t attempts() const { return attempts_; }
    std::vector<std::unique_ptr<bench::Wire>>& wires() { return wires_; }

private:
    struct Due {
        Clock::time_point when;
        std::size_t who;
        bool operator<(const Due& other) const { return when > other.when; }
    };

    void work() {
        std::unique_lock lock{mutex_};
        while (!stop_ && left_ != 0) {
            if (due_.empty()) {
                changed_.wait(lock);
                continue;
            }
            const Due next = due_.top();
            if (next.when > Clock::now()) {
                changed_.wait_until(lock, next.when);
                continue;
            }
            due_.pop();
            lock.unlock();
            auto wire = attempt(next.who);
            lock.lock();
            if (wire) {
                wires_[next.who] = std::move(wire);
                back_at_[next.who] = Clock::now();
                --left_;
            } else {
                due_.push({Clock::now() + backoffs_[next.who].next(), next.who});
            }
            changed_.notify_all();
        }
    }
    std::unique_ptr<bench::Wire> attempt(std::size_t who) {
        ++attempts_;
        try {
            auto wire = std::make_unique<bench::Wire>(clinic_.place().host, clinic_.place().port);
            {
                const std::lock_guard lock{logins_};
                clinic_.send_login(*wire, devices_[who]);
            }
            wire->receive();
            return wire;
        } catch (const std::runtime_error&) {
            return nullptr;
        }
    }

    BenchClinic& clinic_;
    std::vector<std::unique_ptr<bench::Wire>> wires_;
    std::vector<Clock::time_point> back_at_;
    const std::vector<testing::TestDevice>& devices_;
    std::vector<client::Backoff> backoffs_;
    std::mutex mutex_;
    std::mutex logins_;  // The count of a device's logins is the clinic's.
    std::condition_variable changed_;
    std::priority_queue<Due> due_;
    std::size_t left_{0};
    bool stop_{false};
    std::atomic<std::size_t> attempts_{0};
    std::vector<std::jthread> threads_;
};

}  // namespace

void come_back_at_once(
    BenchClinic& clinic,
    const std::vector<testing::TestDevice>& devices,
    CrowdOptions& options,
    Checks& checks
) {
    fmt::print(stderr, "{} clients come back at once\n", devices.size());
    std::optional<Storm> storm;
    options.server = restart({"kill", "default"}, [&] {
        storm.emplace(clinic, devices);
        storm->begin();
    });
    const auto up = Clock::now();
    const auto memory_before = static_cast<double>(resident_bytes(options.server));

    const bool all = storm->wait(kGiveUp);

    auto back = storm->back_at();
    std::ranges::sort(back);
    const std::chrono::duration<double> last = back.back() - up;
    const std::chrono::duration<double> middle = back[back.size() / 2] - up;
    const auto memory = static_cast<double>(resident_bytes(options.server));
    fmt::print(
        stderr,
        "  half after {:.1f} s, all after {:.1f} s, {} attempts; {:.0f} MiB in all\n",
        middle.count(),
        last.count(),
        storm->attempts(),
        memory / 1'048'576
    );
    checks.check("everyone is back", all);
    checks.check("everyone is back within 30 seconds", all && last <= kBackWithin);
    checks.check(
        "a storm stays within its memory",
        memory - memory_before <= static_cast<double>(devices.size()) * kBytesEach + kSlackBytes
    );
    const auto is_served = [](const std::unique_ptr<bench::Wire>& wire) {
        try {
            return wire && !wire->request("head").empty();
        } catch (const std::runtime_error&) {
            return false;
        }
    };
    const auto served = static_cast<std::size_t>(std::ranges::count_if(storm->wires(), is_served));
    checks.check("everyone is served", served == devices.size(), std::to_string(served));
    checks.check("control: they did not all come first", storm->attempts() > devices.size());
}

}  // namespace wardline::edge
