// wardline-crowd: slow, many and curious clients against a server that crowd_test.py keeps.
#include "tests/edge/crowd/bystander.hpp"
#include "tests/edge/crowd/crowd.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <sys/resource.h>

namespace {

using namespace wardline;
using namespace wardline::edge;

constexpr std::size_t kMessagesASecond = 100;  // Of the honest pair, at most.

void raise_file_limit() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

int run(CrowdOptions options) {
    Checks checks;
    bench::BenchClinic clinic{{"127.0.0.1", options.port}, options.token};
    if (options.samples != 0) find_differences(clinic, options, checks);

    auto pair = clinic.add_pair(1);
    auto nurse = clinic.add_staff("nurse-of-many");
    const auto team = clinic.add_team("many", nurse);
    const auto flooders = clinic.add_patients(kFlooders, team);
    const auto many = clinic.add_patients(options.reconnects, team);
    Bystander honest{clinic, pair, kMessagesASecond * (20 * options.seconds + 120)};
    if (options.readers != 0) stop_reading(clinic, honest, options, checks);

    options.server = restart({"end", "default"}, [] {});
    honest.log_in();
    send_too_fast(clinic, flooders, honest, options, checks);
    if (!many.empty()) come_back_at_once(clinic, many, options, checks);
    tell_driver("done");
    return checks.finish();
}

}  // namespace

int main(int count, char** arguments) {
    CrowdOptions options;
    CLI::App app{"Slow, many and curious clients. Started by crowd_test.py.", "wardline-crowd"};
    app.add_option("--port", options.port)->required();
    app.add_option("--token", options.token)->required();
    app.add_option("--server", options.server, "The server's process")->required();
    app.add_option("--readers", options.readers, "Readers that stop reading");
    app.add_option("--reconnects", options.reconnects, "Clients that come back at once");
    app.add_option("--samples", options.samples, "Of each request whose time is compared");
    app.add_option("--seconds", options.seconds, "Of each measurement beside others");
    app.add_flag("--strict", options.strict, "Others' p99 at most doubles");
    CLI11_PARSE(app, count, arguments);
    raise_file_limit();
    try {
        return run(std::move(options));
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "wardline-crowd: %s\n", fault.what());
        return 1;
    }
}
