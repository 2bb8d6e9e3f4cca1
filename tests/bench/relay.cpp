#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"
#include "tests/bench/relay_run.hpp"

#include <chrono>
#include <fmt/core.h>
#include <memory>
#include <stdexcept>

namespace wardline::bench {
namespace {

constexpr std::chrono::seconds kWarmUp{2};
constexpr std::size_t kExpectedPerSecond = 12'000;

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
    RelayRun relay{prepare_lanes(clinic, pairs, each), options.window};

    fmt::print(stderr, "Measuring...\n");
    relay.run(kWarmUp, options.rate);
    const auto delivered_before = relay.delivered();
    const Cost cost_before = server ? server->cost() : Cost{};
    relay.run(std::chrono::seconds{options.seconds}, options.rate);
    const double messages = static_cast<double>(relay.delivered() - delivered_before);
    const Cost cost = server ? server->cost() - cost_before : Cost{};
    relay.drain();
    std::vector<std::uint32_t> latencies_us;
    for (const auto& delivery : relay.deliveries()) latencies_us.push_back(delivery.took_us);

    Report report{fmt::format(
        "Relay: {} pairs, window {}, batches of {}", options.pairs, options.window, options.batch
    )};
    report.figure("messages_per_second", messages / relay.measured().count());
    report.figure("p50_ms", percentile(latencies_us, 0.50) / 1'000);
    report.figure("p99_ms", percentile(latencies_us, 0.99) / 1'000);
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
