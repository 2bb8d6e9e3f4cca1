#include "protocol/base/cbor.hpp"
#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <chrono>
#include <fmt/core.h>
#include <stdexcept>

namespace wardline::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWindow = 60;
constexpr std::uint64_t kPage = 500;

void send_all(Wire& wire, const std::vector<Prepared>& messages) {
    for (std::size_t first = 0; first < messages.size(); first += kWindow) {
        const auto last = std::min(first + kWindow, messages.size());
        for (std::size_t i = first; i < last; ++i) wire.queue(messages[i].frame);
        wire.pump_write();
        for (std::size_t i = first; i < last; ++i) wire.receive_head();
    }
}

// Pages until there is no more; how many entries came.
std::uint64_t sync_all(Wire& wire, Seq after) {
    std::uint64_t entries = 0;
    for (bool more = true; more;) {
        wire.send("sync", {{"after", after}, {"limit", kPage}});
        const auto page = wire.receive_head();
        entries += page.entries;
        after = page.upto;
        more = page.more;
    }
    return entries;
}

Report server_catch_up(const CatchUpOptions& options) {
    const PrivateServer server{{options.below, 256, "warn"}};
    BenchClinic clinic{{"127.0.0.1", server.port()}, server.setup_token()};
    auto pair = clinic.add_pair(1);
    pair.patient_wire.reset();  // Away.
    fmt::print(stderr, "Sending {} messages...\n", options.messages);
    PrepareOptions prepared;
    prepared.first_request = 1'000;
    prepared.count = options.messages;
    prepared.live = {pair.patient.id};
    const auto& thread = clinic.chains().patients.at(pair.patient_id);
    send_all(*pair.staff_wire, prepare(clinic.chains(), thread, pair.staff, prepared));

    const auto wire = clinic.log_in(pair.patient);
    const Cost before = server.cost();
    const auto begin = Clock::now();
    const auto entries = sync_all(*wire, 0);
    const std::chrono::duration<double> passed = Clock::now() - begin;
    const Cost cost = server.cost() - before;
    if (entries < options.messages) throw std::runtime_error{"messages are missing"};

    const auto count = static_cast<double>(entries);
    Report report{
        fmt::format("Catch-up: a patient's device that missed {} messages", options.messages)
    };
    report.figure("server_messages_per_second", count / passed.count());
    report.figure("server_cpu_us_per_message", cost.server_cpu_us / count);
    report.figure("database_cpu_us_per_message", cost.database_cpu_us / count);
    report.note("Pages of up to 500 entries or 128 KiB, asked for one after the other.");
    return report;
}

}  // namespace

Report catch_up(const CatchUpOptions& options) {
    Report report = server_catch_up(options);
    report.figure("client_messages_per_second", client_catch_up(options));
    report.note(
        "The client is a patient's: messages of 200 bytes, login, checks and store included."
    );
    return report;
}

}  // namespace wardline::bench
