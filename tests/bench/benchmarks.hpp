#pragma once

#include "tests/bench/report.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

// The benchmarks, one each. All errors are exceptions.
namespace wardline::bench {

struct RelayOptions {
    std::size_t pairs{100};
    std::size_t window{8};
    std::size_t seconds{10};
    double rate{0};       // Messages a second of all pairs together; 0: as fast as answers come.
    unsigned batch{256};  // Acts a transaction of a server of our own.
    std::size_t messages{0};  // To prepare; 0: enough for the time.
    std::string url;    // host:port of a server that has no clinic yet; empty: a server of our own.
    std::string token;  // Its setup token.
    std::filesystem::path below{"/var/tmp"};
};
Report relay(const RelayOptions& options);

struct LimitOptions {
    std::size_t batch{256};
    std::size_t seconds{10};
    std::filesystem::path below{"/var/tmp"};
};
Report limit(const LimitOptions& options);

struct IdleOptions {
    std::size_t connections{5'000};
    std::filesystem::path below{"/var/tmp"};
};
Report idle(const IdleOptions& options);

struct CatchUpOptions {
    std::size_t messages{20'000};
    std::size_t client_messages{2'000};
    std::filesystem::path below{"/var/tmp"};
};
// Messages a second that a patient's client verifies, decrypts and stores, login included.
double client_catch_up(const CatchUpOptions& options);
Report catch_up(const CatchUpOptions& options);

struct FlatOptions {
    std::size_t threads{2'000};
    std::size_t entries{1'000'000};  // Of the journal that is compared with one of 1,000.
    std::size_t backlog{300'000};    // Of the journal that is never analysed.
    std::size_t repeats{15};
    std::string only;  // One of off-duty, threads, journal, not-analysed; empty: all of them.
    std::filesystem::path below{"/var/tmp"};
};
Report flat(const FlatOptions& options);

struct LatencyOptions {
    double steady{500};      // Messages a second that are compared with bare commits.
    double much{5'000};      // Messages a second under which no queue may build up.
    std::size_t rounds{4};   // Of a stretch of bare commits and one of messages.
    std::size_t seconds{5};  // Of each stretch.
    std::size_t much_seconds{15};
    std::filesystem::path below{"/var/tmp"};
};
Report latency(const LatencyOptions& options);

}  // namespace wardline::bench
