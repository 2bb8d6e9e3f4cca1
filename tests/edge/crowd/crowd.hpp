#pragma once

#include "tests/bench/bench_clinic.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

// Many clients, and bad ones, against a wardlined that a driver (crowd_test.py) starts, watches and
// restarts. Errors are exceptions.
namespace wardline::edge {

struct CrowdOptions {
    std::uint16_t port{0};
    std::string token;  // The server's setup token.
    pid_t server{0};
    std::size_t readers{100};     // Who stop reading.
    std::size_t reconnects{500};  // Who come back at once.
    std::size_t samples{300};     // Of each request in the search for what answers differently.
    std::size_t seconds{3};       // Of each measurement beside others.
    bool strict{false};           // Whether other people's p99 is checked and not only shown.
};

// Counts what was checked and says what failed.
class Checks {
public:
    void check(const std::string& what, bool good, const std::string& told = {});
    int finish() const;

private:
    std::size_t passed_{0};
    std::size_t failed_{0};
};

// Resident memory of the server alone.
std::uint64_t resident_bytes(pid_t server);

// The driver ends the server (`kill` as if it crashed) and starts it again with the limits named
// ("default", "raised"); `while_down` runs once it is gone.
struct Restart {
    std::string how;
    std::string limits;
};
template <class WhileDown>
pid_t restart(const Restart& how, WhileDown while_down);
void tell_driver(const std::string& line);
std::string hear_driver();

template <class WhileDown>
pid_t restart(const Restart& how, WhileDown while_down) {
    tell_driver("restart " + how.how + " " + how.limits);
    hear_driver();  // Down.
    while_down();
    return static_cast<pid_t>(std::stol(hear_driver()));  // Up.
}

class Bystander;

// What happens: one function, one file each.
void find_differences(bench::BenchClinic& clinic, const CrowdOptions& options, Checks& checks);
void stop_reading(
    bench::BenchClinic& clinic, Bystander& honest, const CrowdOptions& options, Checks& checks
);
// Enrol first, flood once the server has its default limits.
constexpr std::size_t kFlooders = 5;
void send_too_fast(
    bench::BenchClinic& clinic,
    const std::vector<testing::TestDevice>& flooders,
    Bystander& honest,
    const CrowdOptions& options,
    Checks& checks
);
// The server is killed and comes back while all of them try.
void come_back_at_once(
    bench::BenchClinic& clinic,
    const std::vector<testing::TestDevice>& devices,
    CrowdOptions& options,
    Checks& checks
);

}  // namespace wardline::edge
