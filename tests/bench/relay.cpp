#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <fmt/core.h>
#include <memory>
#include <stdexcept>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>

namespace wardline::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kWarmUp{2};
constexpr std::chrono::seconds kGrace{10};  // For what was acknowledged to be delivered.
constexpr std::size_t kExpectedPerSecond = 12'000;

// One sender and the one who is to receive.
struct Lane {
    Wire* sender{nullptr};
    Wire* receiver{nullptr};
    std::vector<Prepared> messages;
    std::size_t sent{0};
    std::size_t acknowledged{0};
    std::size_t delivered{0};
    std::vector<Clock::time_point> sent_at;
};

class Relay {
public:
    Relay(std::vector<Lane> lanes, const RelayOptions& options)
        : lanes_{std::move(lanes)}, options_{options}, poll_{::epoll_create1(EPOLL_CLOEXEC)} {
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            lanes_[i].sent_at.resize(lanes_[i].messages.size());
            watch(*lanes_[i].sender, 2 * i);
            watch(*lanes_[i].receiver, 2 * i + 1);
        }
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() { ::close(poll_); }

    // Until the time has passed or a lane has nothing more to send.
    void run(std::chrono::milliseconds time, bool measure) {
        const auto begin = Clock::now();
        measuring_ = measure;
        while (Clock::now() - begin < time && !exhausted_) {
            fill(Clock::now());
            step();
        }
        measured_ = Clock::now() - begin;
    }
    // Waits for what was sent.
    void drain() {
        const auto end = Clock::now() + kGrace;
        while (Clock::now() < end && (acknowledged() < sent_ || delivered() < acknowledged()))
            step();
    }

    std::size_t acknowledged() const { return sum(&Lane::acknowledged); }
    std::size_t delivered() const { return sum(&Lane::delivered); }
    std::size_t sent() const { return sent_; }
    std::chrono::duration<double> measured() const { return measured_; }
    std::vector<std::uint32_t>& latencies_us() { return latencies_us_; }

private:
    void watch(Wire& wire, std::size_t number) {
        wire.go_async();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = number;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, wire.descriptor(), &event);
    }
    std::size_t sum(std::size_t Lane::* member) const {
        std::size_t total = 0;
        for (const Lane& lane : lanes_) total += lane.*member;
        return total;
    }

    // Every lane up to its window, and all together up to the rate.
    void fill(Clock::time_point now) {
        if (options_.rate > 0) {
            if (began_ == Clock::time_point{}) began_ = now;
            const std::chrono::duration<double> passed = now - began_;
            allowed_ = static_cast<std::size_t>(passed.count() * options_.rate);
        }
        for (std::size_t i = 0; i < lanes_.size() && sent_ < allowed_; ++i) {
            Lane& lane = lanes_[next_++ % lanes_.size()];
            bool queued = false;
            while (lane.sent - lane.acknowledged < options_.window && sent_ < allowed_) {
                if (lane.sent == lane.messages.size()) {
                    exhausted_ = true;
                    break;
                }
                lane.sender->queue(lane.messages[lane.sent].frame);
                lane.sent_at[lane.sent++] = now;
                ++sent_;
                queued = true;
                if (options_.rate > 0) break;  // In turn.
            }
            if (queued) lane.sender->pump_write();
        }
    }
    void step() {
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 1);
        for (int i = 0; i < count; ++i) {
            Lane& lane = lanes_[events[static_cast<std::size_t>(i)].data.u64 / 2];
            const bool is_sender = events[static_cast<std::size_t>(i)].data.u64 % 2 == 0;
            Wire& wire = is_sender ? *lane.sender : *lane.receiver;
            wire.pump_read([&](BytesView frame) {
                is_sender ? answered(lane, frame) : pushed(lane, frame);
            });
            wire.pump_write();
        }
    }
    static void answered(Lane& lane, BytesView frame) {
        const FrameHead head = head_of(frame);
        if (head.type == "send") ++lane.acknowledged;
        if (head.type == "error")
            throw std::runtime_error{"the server refused: " + std::string{as_text(frame)}};
    }
    void pushed(Lane& lane, BytesView frame) {
        if (head_of(frame).type != "entry") return;
        // Entries of other kinds come too: a login, an opened thread.
        if (lane.delivered == lane.sent) return;
        const auto& id = lane.messages[lane.delivered].id;
        if (::memmem(frame.data(), frame.size(), id.view().data(), id.view().size()) == nullptr)
            return;
        if (measuring_) {
            const auto passed = Clock::now() - lane.sent_at[lane.delivered];
            const auto us = std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
            latencies_us_.push_back(static_cast<std::uint32_t>(us));
        }
        ++lane.delivered;
    }

    std::vector<Lane> lanes_;
    const RelayOptions& options_;
    int poll_;
    std::size_t sent_{0};
    std::size_t allowed_{SIZE_MAX};
    std::size_t next_{0};
    bool exhausted_{false};
    bool measuring_{false};
    Clock::time_point began_{};
    std::chrono::duration<double> measured_{0};
    std::vector<std::uint32_t> latencies_us_;
};

// Half of the patients write to their nurse, half of the nurses to their patient.
std::vector<Lane> prepare_lanes(
    BenchClinic& clinic, std::vector<BenchClinic::Pair>& pairs, std::size_t messages_each
) {
    std::vector<Lane> lanes(pairs.size());
    const auto prepare_share = [&](std::size_t share, std::size_t shares) {
        for (std::size_t i = share; i < pairs.size(); i += shares) {
            auto& pair = pairs[i];
            const bool from_patient = i % 2 == 0;
            const auto& sender = from_patient ? pair.patient : pair.staff;
            lanes[i].sender = from_patient ? pair.patient_wire.get() : pair.staff_wire.get();
            lanes[i].receiver = from_patient ? pair.staff_wire.get() : pair.patient_wire.get();
            PrepareOptions options;
            options.first_request = 1'000;  // Above those of the set-up.
            options.count = messages_each;
            options.live = {from_patient ? pair.staff.id : pair.patient.id};
            const auto& thread = clinic.chains().patients.at(pair.patient_id);
            lanes[i].messages = prepare(clinic.chains(), thread, sender, options);
        }
    };
    const std::size_t shares = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    for (std::size_t share = 0; share < shares; ++share)
        threads.emplace_back(prepare_share, share, shares);
    threads.clear();
    return lanes;
}

Place place_of(const std::string& url) {
    auto rest = url;
    if (const auto scheme = rest.find("://"); scheme != std::string::npos)
        rest = rest.substr(scheme + 3);
    const auto colon = rest.rfind(':');
    if (colon == std::string::npos) throw std::runtime_error{"--url is HOST:PORT"};
    return {rest.substr(0, colon), static_cast<std::uint16_t>(std::stoul(rest.substr(colon + 1)))};
}

std::size_t messages_for(const RelayOptions& options) {
    if (options.messages != 0) return options.messages;
    const double rate = options.rate > 0 ? options.rate : static_cast<double>(kExpectedPerSecond);
    return static_cast<std::size_t>(rate * static_cast<double>(options.seconds + 3));
}

}  // namespace

Report relay(const RelayOptions& options) {
    std::unique_ptr<PrivateServer> server;
    Place place;
    std::string token = options.token;
    if (options.url.empty()) {
        server = std::make_unique<PrivateServer>(
            PrivateServerOptions{options.below, options.batch, "warn"}
        );
        place.port = server->port();
        token = server->setup_token();
    } else {
        place = place_of(options.url);
    }
    fmt::print(stderr, "Setting up {} pairs...\n", options.pairs);
    BenchClinic clinic{place, token};
    std::vector<BenchClinic::Pair> pairs;
    for (std::size_t i = 1; i <= options.pairs; ++i) pairs.push_back(clinic.add_pair(i));
    const std::size_t each = messages_for(options) / options.pairs + options.window;
    fmt::print(stderr, "Preparing {} messages...\n", each * options.pairs);
    Relay relay{prepare_lanes(clinic, pairs, each), options};

    fmt::print(stderr, "Measuring...\n");
    relay.run(kWarmUp, false);
    const auto delivered_before = relay.delivered();
    const Cost cost_before = server ? server->cost() : Cost{};
    relay.run(std::chrono::seconds{options.seconds}, true);
    const double messages = static_cast<double>(relay.delivered() - delivered_before);
    const Cost cost = server ? server->cost() - cost_before : Cost{};
    relay.drain();

    Report report{fmt::format(
        "Relay: {} pairs, window {}, batches of {}", options.pairs, options.window, options.batch
    )};
    report.figure("messages_per_second", messages / relay.measured().count());
    report.figure("p50_ms", percentile(relay.latencies_us(), 0.50) / 1'000);
    report.figure("p99_ms", percentile(relay.latencies_us(), 0.99) / 1'000);
    if (server) {
        report.figure("server_cpu_us_per_message", cost.server_cpu_us / messages);
        report.figure("database_cpu_us_per_message", cost.database_cpu_us / messages);
        report.figure("bytes_written_per_message", cost.bytes_written / messages);
    }
    report.figure("delivered", static_cast<double>(relay.delivered()));
    report.figure(
        "lost", static_cast<double>(relay.acknowledged()) - static_cast<double>(relay.delivered())
    );
    report.note(
        "From the sender's socket to the receiver's, committed with fsync. Limits of rate and "
        "number are raised out of the way."
    );
    return report;
}

}  // namespace wardline::bench
