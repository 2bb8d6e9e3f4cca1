#pragma once

#include "tests/bench/bench_clinic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

// Messages of many pairs at once, as fast as answers come or at a given rate. One thread.
namespace wardline::bench {

// One sender and the one who is to receive.
struct Lane {
    Wire* sender{nullptr};
    Wire* receiver{nullptr};
    std::vector<Prepared> messages;
    std::size_t sent{0};
    std::size_t acknowledged{0};
    std::size_t delivered{0};
    std::vector<std::chrono::steady_clock::time_point> due;  // Of what was sent.
};

// Half of the patients write to their nurse, half of the nurses to their patient.
std::vector<Lane> prepare_lanes(
    BenchClinic& clinic, std::vector<BenchClinic::Pair>& pairs, std::size_t messages_each
);

struct Delivery {
    std::uint32_t due_us{0};  // Since the stretch began.
    std::uint32_t took_us{0};
};

class RelayRun {
public:
    using Clock = std::chrono::steady_clock;

    RelayRun(std::vector<Lane> lanes, std::size_t window);
    RelayRun(const RelayRun&) = delete;
    RelayRun& operator=(const RelayRun&) = delete;
    ~RelayRun();

    // Until the time has passed or a lane has nothing more to send. With a rate (messages a second
    // of all lanes), each message is due at its moment, and its time counts from there, sent or
    // not.
    void run(std::chrono::milliseconds time, double rate);
    // Waits for what was sent.
    void drain();

    std::size_t sent() const noexcept { return sent_; }
    std::size_t acknowledged() const { return sum(&Lane::acknowledged); }
    std::size_t delivered() const noexcept { return delivered_; }
    // Of the last stretch.
    std::chrono::duration<double> measured() const noexcept { return measured_; }
    std::size_t most_waiting() const noexcept { return most_waiting_; }  // Due and not delivered.
    // Of the messages that were due in the last stretch.
    const std::vector<Delivery>& deliveries() const noexcept { return deliveries_; }

private:
    void watch(Wire& wire, std::size_t number);
    std::size_t sum(std::size_t Lane::* member) const;
    void fill(Clock::time_point now);
    void send(Lane& lane, Clock::time_point due);
    void step();
    timespec patience() const;
    static void answered(Lane& lane, BytesView frame);
    void pushed(Lane& lane, BytesView frame);
    Clock::time_point due_of(std::size_t number) const;

    std::vector<Lane> lanes_;
    std::size_t window_;
    int poll_;
    double rate_{0};
    std::size_t sent_{0};
    std::size_t delivered_{0};
    std::size_t next_lane_{0};
    bool exhausted_{false};
    Clock::time_point began_{};
    std::size_t sent_before_{0};  // Of earlier stretches.
    std::chrono::duration<double> measured_{0};
    std::size_t most_waiting_{0};
    std::vector<Delivery> deliveries_;
};

}  // namespace wardline::bench
