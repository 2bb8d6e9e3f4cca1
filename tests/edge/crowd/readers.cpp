// Readers that stop reading: what they are owed stays within its bound, others notice nothing, and
// who reads again gets everything.
#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"
#include "tests/edge/crowd/asker.hpp"
#include "tests/edge/crowd/bystander.hpp"
#include "tests/edge/crowd/crowd.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <stdexcept>
#include <thread>

namespace wardline::edge {
namespace {

using bench::BenchClinic;
using bench::Json;

constexpr std::size_t kTeams = 200;        // So that a page of the clinic's chain fills a frame.
constexpr std::size_t kRequests = 50;      // Of such pages, by each: about 6 MiB that nobody reads.
constexpr double kQueueBytes = 1'048'576;  // limits.queue_bytes_max
constexpr double kSlackBytes = 64.0 * 1'048'576;
constexpr std::chrono::milliseconds kPatience{60'000};

std::vector<testing::TestDevice> add_readers(BenchClinic& clinic, std::size_t count) {
    auto nurse = clinic.add_staff("nurse-of-readers");
    const auto team = clinic.add_team("readers", nurse);
    auto& chains = clinic.chains();
    for (std::size_t i = 0; i < kTeams; ++i) {
        chains.now = bench::wall_clock();
        chains.team("filling-" + std::to_string(i), {nurse.account});
        clinic.upload(chains.journal.back());
    }
    return clinic.add_patients(count, team);
}

using Wires = std::vector<std::unique_ptr<bench::Wire>>;

Wires log_in_all(BenchClinic& clinic, const std::vector<testing::TestDevice>& devices) {
    Wires out;
    for (const auto& device : devices) {
        out.push_back(clinic.log_in(device));
        out.back()->go_async();
    }
    return out;
}

void ask_for_much(Wires& wires) {
    for (auto& wire : wires) {
        for (std::size_t i = 0; i < kRequests; ++i) {
            const Json page{{"chain", "clinic"}, {"from", 0}, {"limit", 256}};
            wire->queue(wire::make_request("chain", wire->take_id(), page));
        }
        wire->pump_write();
    }
}

// Until the server holds no more than a second before.
void wait_until_full(pid_t server) {
    constexpr std::uint64_t kNothing = 1'048'576;
    std::uint64_t before = 0;
    for (int i = 0; i < 120; ++i) {
        const auto now = resident_bytes(server);
        if (now < before + kNothing) return;
        before = now;
        std::this_thread::sleep_for(std::chrono::seconds{1});
    }
}

// How many came until all were there or the connection ended. Some may be refused for a while: all
// readers together ask for more than the database gives at once.
std::size_t read_all_answers(bench::Wire& wire, std::size_t& refused) {
    std::size_t answers = 0;
    try {
        while (answers < kRequests && wait_readable(wire.descriptor(), kPatience)) {
            wire.pump_read([&](BytesView frame) {
                const auto head = bench::head_of(frame);
                answers += head.id != 0 ? 1 : 0;
                refused += head.type == "error" ? 1 : 0;
            });
        }
    } catch (const std::runtime_error& ended) {
        fmt::print(stderr, "  after {} answers: {}\n", answers, ended.what());
    }
    return answers;
}

}  // namespace

void stop_reading(
    BenchClinic& clinic, Bystander& honest, const CrowdOptions& options, Checks& checks
) {
    fmt::print(stderr, "{} readers stop reading\n", options.readers);
    auto readers = log_in_all(clinic, add_readers(clinic, options.readers));
    honest.log_in();  // Anew: what was pushed while so many enrolled was not read.
    const std::chrono::seconds time{options.seconds};
    const auto before = honest.talk(time);
    const auto memory_before = static_cast<double>(resident_bytes(options.server));

    const auto filling = honest.talk_during([&] {
        ask_for_much(readers);
        wait_until_full(options.server);
    });
    double most = 0;
    const auto during = honest.talk_during([&] {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) {
            most = std::max(most, static_cast<double>(resident_bytes(options.server)));
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
    });

    const double each = (most - memory_before) / static_cast<double>(options.readers);
    fmt::print(
        stderr,
        "  {:.0f} KiB each; honest p99 {:.1f} ms before, {:.1f} while it fills, {:.1f} while they "
        "do not read\n",
        each / 1'024,
        percentile(before, 0.99) / 1'000,
        percentile(filling, 0.99) / 1'000,
        percentile(during, 0.99) / 1'000
    );
    const double bound = static_cast<double>(options.readers) * kQueueBytes + kSlackBytes;
    checks.check("stopped readers stay within their queues", most - memory_before <= bound);
    checks.check("control: the server does hold what is not read", each > 100.0 * 1'024);
    if (options.strict) {
        checks.check(
            "others' p99 at most doubles beside stopped readers",
            percentile(during, 0.99) <= 2 * percentile(before, 0.99),
            fmt::format("{} and {} us", percentile(before, 0.99), percentile(during, 0.99))
        );
    }
    const std::size_t return_count = std::max<std::size_t>(1, options.readers / 10);
    std::size_t complete = 0;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < return_count; ++i)
        complete += read_all_answers(*readers[i], refused) == kRequests ? 1 : 0;
    fmt::print(
        stderr,
        "  {} read again: {} answers each, {} of all refused\n",
        return_count,
        kRequests,
        refused
    );
    checks.check(
        "who reads again gets every answer", complete == return_count, std::to_string(complete)
    );
}

}  // namespace wardline::edge
