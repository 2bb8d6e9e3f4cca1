// Whether a message costs the same whatever the clinic's size: two clinics on this machine that
// differ in one thing are measured in turn.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/flat_clinic.hpp"
#include "tests/bench/private_server.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace wardline::bench {
namespace {

constexpr double kMost = 1.2;
constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kWarmUp = 200;  // Beyond one message for each thread.
constexpr auto kStatistics =
    "select count(*) from pg_statistic s join pg_class c on c.oid = "
    "s.starelid where c.relnamespace = 'wardline'::regnamespace";

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const auto middle = values.size() / 2;
    if (values.size() % 2 == 1) return values[middle];
    return (values[middle - 1] + values[middle]) / 2;
}

// Of one clinic, over all repeats.
struct Measured {
    std::vector<double> server_us;
    std::vector<double> database_us;
    std::vector<double> total_us;

    void add(const Cost& cost) {
        server_us.push_back(cost.server_cpu_us);
        database_us.push_back(cost.database_cpu_us);
        total_us.push_back(cost.server_cpu_us + cost.database_cpu_us);
    }
};

struct Compared {
    Measured small;
    Measured large;
    double ratio() const { return median(large.total_us) / median(small.total_us); }
};

// In turn, so that what else the machine does falls on both; the median leaves out what fell on
// one.
Compared compare(FlatClinic& small, FlatClinic& large, std::size_t at_once, std::size_t repeats) {
    const std::size_t messages = at_once == 1 ? 200 : 1'000;
    Compared out;
    for (std::size_t i = 0; i < repeats; ++i) {
        const bool small_first = i % 2 == 0;
        if (small_first) out.small.add(small.cost_of(messages, at_once));
        out.large.add(large.cost_of(messages, at_once));
        if (!small_first) out.small.add(small.cost_of(messages, at_once));
    }
    return out;
}

class Flat {
public:
    explicit Flat(const FlatOptions& options) : options_{options} {}

    void off_duty() {
        FlatClinic few{{.off_duty = 2}, options_.below};
        FlatClinic many{{.off_duty = 50}, options_.below};
        judge_both("off_duty", few, many, 0);
    }
    // Messages of one thread that are sent at once share the row of its counter. That is saved
    // where there is but one thread, and no cost that grows: those clinics are judged in which each
    // message has a thread of its own.
    void threads() {
        FlatClinic one{{.threads = 1}, options_.below};
        FlatClinic some{{.threads = kAtOnce}, options_.below};
        FlatClinic many{{.threads = options_.threads}, options_.below};
        warm_up({&one, &some, &many}, options_.threads);
        judge("threads_alone", one, many, 1);
        judge("threads_together", some, many, kAtOnce);
        note("threads_shared", compare(one, many, kAtOnce, options_.repeats));
    }
    void journal() {
        FlatClinic few{{.threads = kThreads, .entries = 1'000}, options_.below};
        FlatClinic many{{.threads = kThreads, .entries = options_.entries}, options_.below};
        expect_entries(many, options_.entries);
        judge_both("journal", few, many, kThreads);
        auto proofs = many.proof_times(kProofs);
        report_.figure("proof_p50_ms", percentile(proofs, 0.5) / 1000.0);
        report_.figure("proof_p99_ms", percentile(proofs, 0.99) / 1000.0);
        if (percentile(proofs, 0.99) > kProofUsMost) report_.miss("a proof takes more than 5 ms");
    }
    void not_analysed() {
        FlatClinic few{
            {.threads = kThreads, .entries = 1'000, .autovacuum = false}, options_.below
        };
        FlatClinic many{
            {.threads = kThreads, .entries = options_.backlog, .autovacuum = false}, options_.below
        };
        expect_entries(many, options_.backlog);
        few.renew_sessions();
        many.renew_sessions();
        judge_both("not_analysed", few, many, kThreads);
        if (many.sql().value(kStatistics) != "0") {
            throw std::runtime_error{"the database was analysed after all"};
        }
    }
    Report take_report() {
        report_.figure("worst_ratio", worst_);
        return std::move(report_);
    }

private:
    static constexpr std::size_t kThreads = 100;
    static constexpr std::size_t kProofs = 1'000;
    static constexpr std::uint32_t kProofUsMost = 5'000;

    static void expect_entries(FlatClinic& clinic, std::size_t count) {
        if (clinic.entries() < count) throw std::runtime_error{"the journal is too short"};
    }
    static void warm_up(const std::vector<FlatClinic*>& clinics, std::size_t threads) {
        fmt::print(stderr, "Measuring...\n");
        for (auto* clinic : clinics) {
            clinic->connect();
            clinic->send(threads + kWarmUp, kAtOnce);
        }
    }
    void note(const std::string& name, const Compared& found) {
        report_.figure(name + "_small_server_us", median(found.small.server_us));
        report_.figure(name + "_large_server_us", median(found.large.server_us));
        report_.figure(name + "_small_database_us", median(found.small.database_us));
        report_.figure(name + "_large_database_us", median(found.large.database_us));
        report_.figure(name + "_ratio", found.ratio());
    }
    void judge(const std::string& name, FlatClinic& small, FlatClinic& large, std::size_t at_once) {
        const auto found = compare(small, large, at_once, options_.repeats);
        note(name, found);
        worst_ = std::max(worst_, found.ratio());
        if (found.ratio() > kMost) report_.miss(name + " costs more than a fifth more");
    }
    void judge_both(
        const std::string& name, FlatClinic& small, FlatClinic& large, std::size_t threads
    ) {
        warm_up({&small, &large}, threads);
        judge(name + "_alone", small, large, 1);
        judge(name + "_together", small, large, kAtOnce);
    }

    const FlatOptions& options_;
    double worst_{0};
    Report report_{"Flat: processor time for a message, in clinics that differ in one thing"};
};

}  // namespace

Report flat(const FlatOptions& options) {
    Flat flat{options};
    const auto wanted = [&](const char* name) {
        return options.only.empty() || options.only == name;
    };
    if (wanted("off-duty")) flat.off_duty();
    if (wanted("threads")) flat.threads();
    if (wanted("journal")) flat.journal();
    if (wanted("not-analysed")) flat.not_analysed();
    auto report = flat.take_report();
    report.note(
        "Medians of interleaved repeats; the ratio is that of server and databases together."
    );
    report.note(
        "alone: one message a transaction; together: 50 sent at once; shared: the same, the small "
        "clinic's all in one thread."
    );
    return report;
}

}  // namespace wardline::bench
