// wardline-bench: the figures of docs/performance.md.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/verify.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <sys/resource.h>

namespace {

using namespace wardline::bench;

struct Options {
    bool json{false};
    bool check{false};   // A goal that is missed ends with code 1.
    bool little{false};  // Of what can take long, as little as shows that it works.
    std::string below{"/var/tmp"};
    RelayOptions relay;
    LimitOptions limit;
    IdleOptions idle;
    CatchUpOptions catch_up;
    FlatOptions flat;
    LatencyOptions latency;
    VerifyOptions verify;
    // What the chosen command does; whether all goals were reached.
    std::function<bool()> work;
};

void raise_file_limit() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

// Relay, the same with a transaction per message, and the limit, one after the other on the same
// machine.
Report compare(RelayOptions options, bool json) {
    const auto batched = relay(options);
    batched.print(json);
    options.batch = 1;
    const auto single = relay(options);
    single.print(json);
    const auto bulk = limit({.seconds = options.seconds, .below = options.below});
    bulk.print(json);
    Report report{"Compared"};
    const auto rate = [](const Report& one) { return one.value("messages_per_second"); };
    report.figure("relay_to_limit", rate(batched) / rate(bulk));
    report.figure("batched_to_single", rate(batched) / rate(single));
    return report;
}

// A command whose report is printed.
CLI::App* add(
    CLI::App& app,
    Options& options,
    const std::string& name,
    const std::string& what,
    std::function<Report()> work
) {
    auto* const command = app.add_subcommand(name, what);
    command->callback([&options, work = std::move(work)] {
        options.work = [&options, work] {
            const auto report = work();
            report.print(options.json);
            return report.reached();
        };
    });
    return command;
}

template <class Value>
void number(CLI::App* command, const std::string& name, Value& value, const std::string& what) {
    command->add_option(name, value, what)->capture_default_str();
}

void add_relay_options(CLI::App* command, RelayOptions& relay) {
    number(command, "--pairs", relay.pairs, "Pairs of a patient and a nurse");
    number(command, "--window", relay.window, "Unanswered messages of a pair");
    number(command, "--seconds", relay.seconds, "Measured time");
    number(command, "--rate", relay.rate, "Messages a second of all pairs; 0: no limit");
    number(command, "--messages", relay.messages, "How many to prepare; 0: enough");
}

void add_throughput(CLI::App& app, Options& options) {
    auto& relay_options = options.relay;
    auto* const one = add(app, options, "relay", "Messages from pair to pair", [&] {
        relay_options.below = options.below;
        return relay(relay_options);
    });
    add_relay_options(one, relay_options);
    number(one, "--batch", relay_options.batch, "Acts a transaction");
    one->add_option("--url", relay_options.url, "HOST:PORT of a server without a clinic yet");
    one->add_option("--token", relay_options.token, "Its setup token");

    const std::string what{"Relay, one message a transaction, and limit, in one run"};
    auto* const three = add(app, options, "compare", what, [&] {
        relay_options.below = options.below;
        return compare(relay_options, options.json);
    });
    add_relay_options(three, relay_options);

    const std::string rows{"The same rows by bulk insert, with no server"};
    auto* const bulk = add(app, options, "limit", rows, [&] {
        options.limit.below = options.below;
        return limit(options.limit);
    });
    number(bulk, "--batch", options.limit.batch, "Messages a transaction");
    number(bulk, "--seconds", options.limit.seconds, "Measured time");
}

void add_connections(CLI::App& app, Options& options) {
    const std::string memory{"Memory of authenticated connections, and a login's cost"};
    auto* const many = add(app, options, "idle", memory, [&] {
        options.idle.below = options.below;
        return idle(options.idle);
    });
    number(many, "--connections", options.idle.connections, "How many");

    auto* const away = add(app, options, "catch-up", "A device that was away", [&] {
        options.catch_up.below = options.below;
        return catch_up(options.catch_up);
    });
    number(away, "--messages", options.catch_up.messages, "How many it missed");
    number(away, "--client-messages", options.catch_up.client_messages, "A client, how many");
}

void add_judged_options(CLI::App* command, Options& options) {
    command->add_flag("--check", options.check, "A goal that is missed ends with code 1");
    command->add_flag("--short", options.little, "A little of everything: whether it works");
}

void add_flat(CLI::App& app, Options& options) {
    auto& sizes = options.flat;
    const std::string what{"Processor time for a message in small and in large clinics"};
    auto* const command = add(app, options, "flat", what, [&] {
        sizes.below = options.below;
        if (options.little) {
            sizes.threads = 100;
            sizes.entries = sizes.backlog = 5'000;
            sizes.repeats = 3;
        }
        return flat(sizes);
    });
    number(command, "--threads", sizes.threads, "Compared with one");
    number(command, "--entries", sizes.entries, "Of a journal that is compared with 1,000");
    number(command, "--backlog", sizes.backlog, "Of a journal that is never analysed");
    number(command, "--repeats", sizes.repeats, "Of each measurement");
    command->add_option("--only", sizes.only, "One of the comparisons")
        ->check(CLI::IsMember({"off-duty", "threads", "journal", "not-analysed"}));
    add_judged_options(command, options);
}

void add_latency(CLI::App& app, Options& options) {
    auto& load = options.latency;
    const std::string what{"Messages at a steady rate, beside bare commits"};
    auto* const command = add(app, options, "latency", what, [&] {
        load.below = options.below;
        if (options.little) {
            load.rounds = 1;
            load.seconds = 3;
            load.much_seconds = 5;
        }
        return latency(load);
    });
    number(command, "--rate", load.steady, "Messages a second beside bare commits");
    number(command, "--much", load.much, "Messages a second under which no queue may build up");
    number(command, "--rounds", load.rounds, "Of commits, then messages");
    number(command, "--seconds", load.seconds, "Of each in a round");
    number(command, "--much-seconds", load.much_seconds, "Of the higher rate");
    add_judged_options(command, options);
}

void add_verify(CLI::App& app, Options& options) {
    const std::string what{"Offline verification of an export of the audit trail"};
    auto* const command = add(app, options, "verify", what, [&] {
        options.verify.below = options.below;
        return verify(options.verify);
    });
    number(command, "--entries", options.verify.entries, "How many");
    number(command, "--batch", options.verify.batch, "Entries between two signed heads");
}

int run(int count, char** arguments) {
    CLI::App app{
        "Measures Wardline. Each benchmark starts its own server and database in a private folder.",
        "wardline-bench"
    };
    app.require_subcommand(1);
    app.fallthrough();
    Options options;
    app.add_flag("--json", options.json, "The last line of stdout is one JSON object");
    app.add_option("--below", options.below, "Where the private folder is made")
        ->capture_default_str();
    add_throughput(app, options);
    add_connections(app, options);
    add_flat(app, options);
    add_latency(app, options);
    add_verify(app, options);
    CLI11_PARSE(app, count, arguments);
    raise_file_limit();
    const bool reached = options.work();
    return options.check && !reached ? 1 : 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "wardline-bench: %s\n", error.what());
        return 1;
    }
}
