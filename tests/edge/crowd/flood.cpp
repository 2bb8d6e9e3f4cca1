// Clients that send as fast as they can, with the limits that wardlined has by default.
#include "protocol/wire/frames.hpp"
#include "tests/edge/crowd/asker.hpp"
#include "tests/edge/crowd/bystander.hpp"
#include "tests/edge/crowd/crowd.hpp"

#include <array>
#include <fmt/core.h>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace wardline::edge {
namespace {

using bench::BenchClinic;
using bench::Json;
using Clock = std::chrono::steady_clock;

constexpr double kMemoryBytes = 32.0 * 1'048'576;
constexpr std::size_t kWindow = 60;  // Under the limit of requests in flight.

struct Flood {
    std::size_t sent{0};
    std::size_t refused{0};  // Of those, answered with an error.
    std::size_t answered{0};
    std::size_t connections{0};
};

struct Style {
    std::string name;
    bool reads{true};
    bool logs_in{true};
    std::size_t window{SIZE_MAX};  // Requests under way.
};

// One connection until it is closed or the time is up.
void flood_once(bench::Wire& wire, const Style& style, Clock::time_point end, Flood& flood) {
    wire.go_async();
    std::size_t open = 0;
    while (Clock::now() < end) {
        // As long as the socket takes them.
        bool taken = wire.pump_write();
        while (taken && open < style.window && Clock::now() < end) {
            wire.queue(wire::make_request("head", wire.take_id()));
            ++flood.sent;
            ++open;
            taken = wire.pump_write();
            if (open % 256 == 0) break;
        }
        if (!style.reads) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            continue;
        }
        if (!taken || open >= style.window)
            wait_readable(wire.descriptor(), std::chrono::milliseconds{10});
        wire.pump_read([&](BytesView frame) {
            const auto head = bench::head_of(frame);
            if (head.id == 0) return;
            ++flood.answered;
            flood.refused += head.type == "error" ? 1 : 0;
            open -= open == 0 ? 0 : 1;
        });
    }
}

// Who floods has a machine of their own: here it takes only the processor time that nobody else
// wants, or it would disturb others without the server's help.
void step_back() {
    constexpr int kLowest = 19;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowest);
}

Flood flood_for(
    BenchClinic& clinic,
    const testing::TestDevice& device,
    const Style& style,
    std::chrono::seconds time
) {
    step_back();
    Flood flood;
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
        try {
            auto wire =
                style.logs_in
                    ? clinic.log_in(device)
                    : std::make_unique<bench::Wire>(clinic.place().host, clinic.place().port);
            ++flood.connections;
            flood_once(*wire, style, end, flood);
        } catch (const std::runtime_error&) {
            // Closed, or not let in again so soon.
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    return flood;
}

}  // namespace

void send_too_fast(
    BenchClinic& clinic,
    const std::vector<testing::TestDevice>& flooders,
    Bystander& honest,
    const CrowdOptions& options,
    Checks& checks
) {
    fmt::print(stderr, "A client sends as fast as it can\n");
    // A device for each, since logins are limited by device.
    const std::array<Style, kFlooders> styles{{
        {"reads every answer, one window", true, true, kWindow},
        {"reads every answer, no window", true, true, SIZE_MAX},
        {"reads nothing", false, true, SIZE_MAX},
        {"never logs in", true, false, SIZE_MAX},
        {"never logs in, reads nothing", false, false, SIZE_MAX},
    }};
    const std::chrono::seconds time{options.seconds};
    for (std::size_t i = 0; i < styles.size(); ++i) {
        const auto before = honest.talk(time);
        const auto memory_before = static_cast<double>(resident_bytes(options.server));
        Flood flood;
        const auto during = honest.talk_during([&] {
            std::jthread{[&] { flood = flood_for(clinic, flooders.at(i), styles[i], time); }};
        });
        const auto grown = static_cast<double>(resident_bytes(options.server)) - memory_before;
        fmt::print(
            stderr,
            "  {:<32} {} sent, {} answered, {} refused, {} connections; honest p99 {:.1f} then "
            "{:.1f} ms; {:+.1f} MiB\n",
            styles[i].name,
            flood.sent,
            flood.answered,
            flood.refused,
            flood.connections,
            percentile(before, 0.99) / 1'000,
            percentile(during, 0.99) / 1'000,
            grown / 1'048'576
        );
        checks.check("flood, " + styles[i].name + ": it did flood", flood.sent > 500);
        checks.check("flood, " + styles[i].name + ": memory", grown <= kMemoryBytes);
        if (options.strict) {
            checks.check(
                "flood, " + styles[i].name + ": others' p99 at most doubles",
                percentile(during, 0.99) <= 2 * percentile(before, 0.99),
                fmt::format("{} and {} us", percentile(before, 0.99), percentile(during, 0.99))
            );
        }
    }
}

}  // namespace wardline::edge
