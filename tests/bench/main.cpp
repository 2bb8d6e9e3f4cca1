// wardline-bench: the figures of docs/performance.md.
#include "tests/bench/benchmarks.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <sys/resource.h>

namespace {

using namespace wardline::bench;

void raise_file_limit() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

// Relay, the same with a transaction per message, and the limit, one after the other on the same
// machine.
void compare(RelayOptions options, bool json) {
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
    report.print(json);
}

int run(int count, char** arguments) {
    CLI::App app{
        "Measures Wardline. Each benchmark starts its own server and database in a private folder.",
        "wardline-bench"
    };
    app.require_subcommand(1);
    app.fallthrough();
    bool json = false;
    std::string below{"/var/tmp"};
    app.add_flag("--json", json, "The last line of stdout is one JSON object");
    app.add_option("--below", below, "Where the private folder is made")->capture_default_str();

    RelayOptions relay_options;
    const auto add_relay_options = [&](CLI::App* command) {
        command->add_option("--pairs", relay_options.pairs, "Pairs of a patient and a nurse")
            ->capture_default_str();
        command->add_option("--window", relay_options.window, "Unanswered messages of a pair")
            ->capture_default_str();
        command->add_option("--seconds", relay_options.seconds, "Measured time")
            ->capture_default_str();
        command->add_option(
            "--rate", relay_options.rate, "Messages a second of all pairs; 0: no limit"
        );
        command->add_option("--messages", relay_options.messages, "How many to prepare; 0: enough");
    };
    auto* const relay_command = app.add_subcommand("relay", "Messages from pair to pair");
    add_relay_options(relay_command);
    relay_command->add_option("--batch", relay_options.batch, "Acts a transaction")
        ->capture_default_str();
    relay_command->add_option(
        "--url", relay_options.url, "HOST:PORT of a server without a clinic yet"
    );
    relay_command->add_option("--token", relay_options.token, "Its setup token");
    auto* const compare_command =
        app.add_subcommand("compare", "Relay, one message a transaction, and limit, in one run");
    add_relay_options(compare_command);

    LimitOptions limit_options;
    auto* const limit_command =
        app.add_subcommand("limit", "The same rows by bulk insert, with no server");
    limit_command->add_option("--batch", limit_options.batch, "Messages a transaction")
        ->capture_default_str();
    limit_command->add_option("--seconds", limit_options.seconds, "Measured time")
        ->capture_default_str();

    IdleOptions idle_options;
    auto* const idle_command =
        app.add_subcommand("idle", "Memory of authenticated connections, and a login's cost");
    idle_command->add_option("--connections", idle_options.connections, "How many")
        ->capture_default_str();

    CatchUpOptions catch_up_options;
    auto* const catch_up_command = app.add_subcommand("catch-up", "A device that was away");
    catch_up_command->add_option("--messages", catch_up_options.messages, "How many it missed")
        ->capture_default_str();
    catch_up_command
        ->add_option("--client-messages", catch_up_options.client_messages, "A client, how many")
        ->capture_default_str();

    CLI11_PARSE(app, count, arguments);
    relay_options.below = limit_options.below = idle_options.below = catch_up_options.below = below;
    raise_file_limit();
    if (relay_command->parsed()) relay(relay_options).print(json);
    if (compare_command->parsed()) compare(relay_options, json);
    if (limit_command->parsed()) limit(limit_options).print(json);
    if (idle_command->parsed()) idle(idle_options).print(json);
    if (catch_up_command->parsed()) catch_up(catch_up_options).print(json);
    return 0;
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
