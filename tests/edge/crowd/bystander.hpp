#pragma once

#include "tests/bench/bench_clinic.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

// An honest patient and nurse who go on talking while others misbehave: how long each message
// takes.
namespace wardline::edge {

class Bystander {
public:
    // Prepares so many messages. The pair outlives this.
    Bystander(bench::BenchClinic& clinic, bench::BenchClinic::Pair& pair, std::size_t messages);

    // Microseconds from the patient's socket to the nurse's, sorted; talks for so long, about 30
    // messages a second. Throws where a message does not arrive.
    std::vector<double> talk(std::chrono::milliseconds time);
    // The same while `work` runs.
    template <class Work>
    std::vector<double> talk_during(Work work) {
        stop_ = false;
        std::vector<double> times;
        std::exception_ptr fault;
        std::jthread talking{[&] {
            try {
                times = talk_until_stopped();
            } catch (...) {
                fault = std::current_exception();
            }
        }};
        try {
            work();
        } catch (...) {
            stop_ = true;
            throw;
        }
        stop_ = true;
        talking.join();
        if (fault) std::rethrow_exception(fault);
        return times;
    }
    // After a restart of the server.
    void log_in();

private:
    std::vector<double> talk_until_stopped();
    double send_next();
    void hear_answers();

    bench::BenchClinic& clinic_;
    bench::BenchClinic::Pair& pair_;
    std::vector<bench::Prepared> messages_;
    std::size_t next_{0};
    std::atomic<bool> stop_{false};
};

// Of sorted values.
double percentile(const std::vector<double>& sorted, double share);

}  // namespace wardline::edge
