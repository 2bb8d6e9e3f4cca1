#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <chrono>
#include <fmt/core.h>
#include <thread>

namespace wardline::bench {
namespace {

constexpr std::size_t kAtOnce = 32;
constexpr std::size_t kHandshakes = 1'000;  // To know what a connection without a login costs.
constexpr std::chrono::seconds kSettle{2};

using Wires = std::vector<std::unique_ptr<Wire>>;

void log_in_all(
    BenchClinic& clinic, const std::vector<testing::TestDevice>& devices, Wires& wires
) {
    for (std::size_t first = 0; first < devices.size(); first += kAtOnce) {
        const auto last = std::min(first + kAtOnce, devices.size());
        for (std::size_t i = first; i < last; ++i) {
            wires.push_back(std::make_unique<Wire>(clinic.place().host, clinic.place().port));
            clinic.send_login(*wires.back(), devices[i]);
        }
        for (std::size_t i = first; i < last; ++i) wires[i]->receive();
    }
}

}  // namespace

Report idle(const IdleOptions& options) {
    const PrivateServer server{{options.below, 256, "warn"}};
    BenchClinic clinic{{"127.0.0.1", server.port()}, server.setup_token()};
    fmt::print(stderr, "Enrolling {} devices...\n", options.connections);
    auto nurse = clinic.add_staff("nurse");
    const auto team = clinic.add_team("team", nurse);
    const auto devices = clinic.add_patients(options.connections, team);

    fmt::print(stderr, "Connecting...\n");
    std::this_thread::sleep_for(kSettle);
    const auto memory_before = server.resident_bytes();
    const Cost before = server.cost();
    Wires wires;
    log_in_all(clinic, devices, wires);
    std::this_thread::sleep_for(kSettle);
    const Cost logins = server.cost() - before;
    const auto memory = server.resident_bytes() - memory_before;

    wires.clear();
    std::this_thread::sleep_for(kSettle);
    const Cost before_handshakes = server.cost();
    for (std::size_t i = 0; i < kHandshakes; ++i) {
        wires.push_back(std::make_unique<Wire>(clinic.place().host, clinic.place().port));
    }
    std::this_thread::sleep_for(kSettle);
    const Cost handshakes = server.cost() - before_handshakes;

    const auto count = static_cast<double>(devices.size());
    const double connect_us = (logins.server_cpu_us + logins.database_cpu_us) / count;
    const double handshake_us =
        (handshakes.server_cpu_us + handshakes.database_cpu_us) / static_cast<double>(kHandshakes);
    Report report{fmt::format("Idle: {} authenticated connections", devices.size())};
    report.figure("bytes_per_connection", static_cast<double>(memory) / count);
    report.figure("handshake_cpu_us", handshake_us);
    report.figure("login_cpu_us", connect_us - handshake_us);
    report.note(
        "Growth of the server's resident memory, with nothing closed after the burst of handshakes."
    );
    return report;
}

}  // namespace wardline::bench
