// How long a message takes beside a bare commit, and whether a queue builds up under many.
#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"
#include "tests/bench/relay_run.hpp"
#include "tests/bench/sql.hpp"

#include <chrono>
#include <fmt/core.h>
#include <string>
#include <thread>
#include <vector>

namespace wardline::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Times = std::vector<std::uint32_t>;

constexpr std::size_t kPairs = 100;
constexpr std::size_t kWindow = 60;  // Under the limit of requests under way: no brake.
constexpr std::chrono::seconds kWarmUp{2};
constexpr double kMedianMs = 2;  // What a message may take beyond a bare commit.
constexpr double kTailMs = 5;
constexpr double kBusyMs = 50;  // A bare commit that takes so long waits for earlier ones.
constexpr double kAgain = 2;    // The end of a stretch against its beginning.
constexpr double kAllDelivered = 0.99;
constexpr double kQueueSeconds = 0.1;  // Of messages that wait, when no queue builds up.

// Each commit is due at its moment, and its time counts from there.
Times bare_commits(Sql& sql, double rate, std::chrono::seconds time) {
    Times out;
    const auto began = Clock::now();
    for (std::size_t i = 0;; ++i) {
        const std::chrono::duration<double> after{static_cast<double>(i) / rate};
        if (after >= time) return out;
        const auto due = began + std::chrono::duration_cast<Clock::duration>(after);
        std::this_thread::sleep_until(due);
        sql.execute("one_row", std::to_string(i));
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due);
        out.push_back(static_cast<std::uint32_t>(took.count()));
    }
}

void add_times(const RelayRun& relay, Times& times) {
    for (const auto& delivery : relay.deliveries()) times.push_back(delivery.took_us);
}

// Of the messages that were due in this part of the stretch, 0 to 1.
double percentile_of(const RelayRun& relay, double from, double to, double share) {
    const double stretch_us = relay.measured().count() * 1e6;
    Times times;
    for (const auto& delivery : relay.deliveries()) {
        if (delivery.due_us >= from * stretch_us && delivery.due_us < to * stretch_us)
            times.push_back(delivery.took_us);
    }
    return percentile(times, share) / 1'000;
}

// Bare commits and messages by turns, so that what else the machine does falls on both.
void compare_with_commits(
    RelayRun& relay, Sql& sql, const LatencyOptions& options, Report& report
) {
    const std::chrono::seconds stretch{options.seconds};
    Times bare;
    Times messages;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        const auto commits = bare_commits(sql, options.steady, stretch);
        bare.insert(bare.end(), commits.begin(), commits.end());
        relay.run(stretch, options.steady);
        relay.drain();
        add_times(relay, messages);
    }
    const double bare_p50 = percentile(bare, 0.50) / 1'000;
    const double bare_p99 = percentile(bare, 0.99) / 1'000;
    const double p50 = percentile(messages, 0.50) / 1'000;
    const double p99 = percentile(messages, 0.99) / 1'000;
    report.figure("commit_p50_ms", bare_p50);
    report.figure("commit_p99_ms", bare_p99);
    report.figure("message_p50_ms", p50);
    report.figure("message_p99_ms", p99);
    report.figure("beyond_p50_ms", p50 - bare_p50);
    report.figure("beyond_p99_ms", p99 - bare_p99);
    if (bare_p50 > kBusyMs) report.miss("this machine is too busy: its commits do not keep up");
    if (p50 - bare_p50 > kMedianMs) report.miss("p50 is not within 2 ms of a bare commit");
    if (p99 - bare_p99 > kTailMs) report.miss("p99 is not within 5 ms of a bare commit");
}

void send_many(RelayRun& relay, const LatencyOptions& options, Report& report) {
    const auto before = relay.delivered();
    relay.run(std::chrono::seconds{options.much_seconds}, options.much);
    const auto delivered = static_cast<double>(relay.delivered() - before);
    const double rate = delivered / relay.measured().count();
    relay.drain();
    const double first = percentile_of(relay, 0, 1.0 / 3, 0.50);
    const double last = percentile_of(relay, 2.0 / 3, 1, 0.50);
    report.figure("much_offered_per_second", options.much);
    report.figure("much_delivered_per_second", rate);
    report.figure("much_p50_ms", percentile_of(relay, 0, 1, 0.50));
    report.figure("much_p99_ms", percentile_of(relay, 0, 1, 0.99));
    report.figure("much_first_third_p50_ms", first);
    report.figure("much_last_third_p50_ms", last);
    report.figure("much_most_waiting", static_cast<double>(relay.most_waiting()));
    if (rate < kAllDelivered * options.much) report.miss("fewer are delivered than are sent");
    // Zero: of the last third nothing came. Below a few milliseconds neither third says anything.
    if (last > kAgain * first + kMedianMs)
        report.miss("the longer it goes on, the longer it takes");
    const auto in_queue = percentile_of(relay, 0, 1, 0.50) / 1'000;
    if (in_queue > kQueueSeconds) report.miss("a queue stands");
}

}  // namespace

Report latency(const LatencyOptions& options) {
    const PrivateServer server{{options.below, 256, "warn"}};
    BenchClinic clinic{{"127.0.0.1", server.port()}, server.setup_token()};
    Sql sql{server.main_conninfo()};
    sql.run("create table public.bare (number int8 not null)");
    sql.prepare("one_row", "insert into public.bare values ($1::int8)");
    fmt::print(stderr, "Setting up {} pairs...\n", kPairs);
    std::vector<BenchClinic::Pair> pairs;
    for (std::size_t i = 1; i <= kPairs; ++i) pairs.push_back(clinic.add_pair(i));
    const double steady =
        options.steady * static_cast<double>(options.rounds * options.seconds + 2);
    const double much = options.much * static_cast<double>(options.much_seconds + 1);
    const auto each = static_cast<std::size_t>((steady + much) / kPairs) + kWindow;
    fmt::print(stderr, "Preparing {} messages...\n", each * kPairs);
    RelayRun relay{prepare_lanes(clinic, pairs, each), kWindow};

    fmt::print(stderr, "Measuring...\n");
    relay.run(kWarmUp, options.steady);
    relay.drain();
    Report report{fmt::format(
        "Latency: {} messages a second beside bare commits, then {}", options.steady, options.much
    )};
    compare_with_commits(relay, sql, options, report);
    send_many(relay, options, report);
    report.figure(
        "lost", static_cast<double>(relay.acknowledged()) - static_cast<double>(relay.delivered())
    );
    report.note(
        "A bare commit is one row by one connection to the same cluster, at the same rate. Times "
        "count from the moment at which a message or commit is due."
    );
    return report;
}

}  // namespace wardline::bench
