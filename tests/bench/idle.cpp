#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <chrono>
#include <fmt/core.h>
#include <thread>

namespace wardline::bench {
namespace {

constexpr std::size_t kAtOnce = 256;  // As many as one batch of the journal takes.
constexpr std::chrono::seconds kSettle{2};

using Wires = std::vector<std::unique_ptr<Wire>>;

void log_in_all(
    BenchClinic& clinic, const std::vector<testing::TestDevice>& devices, Wires& wires
) {
    for (std::size_t first = 0; first < devices.size(); first += kAtOnce) {
        const auto last = std::min(first + kAtOnce, devices.size());
        for (std::size_t i = first; i < last; ++i) clinic.send_login(*wires[i], devices[i]);
        for (std::size_t i = first; i < last; ++i) wires[i]->receive();
    }
}

double total_us(const Cost& cost) {
    return cost.server_cpu_us + cost.database_cpu_us;
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
    for (std::size_t i = 0; i < devices.size(); ++i) {
        wires.push_back(std::make_unique<Wire>(clinic.place().host, clinic.place().port));
    }
    std::this_thread::sleep_for(kSettle);
    const Cost connected = server.cost();
    log_in_all(clinic, devices, wires);
    std::this_thread::sleep_for(kSettle);
    const Cost logged_in = server.cost();
    const auto memory = server.resident_bytes() - memory_before;

    const auto count = static_cast<double>(devices.size());
    Report report{fmt::format("Idle: {} authenticated connections", devices.size())};
    report.figure("bytes_per_connection", static_cast<double>(memory) / count);
    report.figure("handshake_cpu_us", total_us(connected - before) / count);
    report.figure("login_cpu_us", total_us(logged_in - connected) / count);
    report.note(
        "Growth of the server's resident memory after the handshakes and logins, 256 of these at "
        "once."
    );
    return report;
}

}  // namespace wardline::bench
