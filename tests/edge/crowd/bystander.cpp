#include "tests/edge/crowd/bystander.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"
#include "tests/edge/crowd/asker.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace wardline::edge {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{25};  // Under 50 requests a second of a device.
constexpr std::chrono::milliseconds kPatience{30'000};
constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::uint64_t kFirstRequest = 1'000;  // Above those of the set-up.

bool speaks_of(BytesView frame, const MessageId& id) {
    return bench::head_of(frame).type == "entry" &&
           ::memmem(frame.data(), frame.size(), id.view().data(), id.view().size()) != nullptr;
}

}  // namespace

Bystander::Bystander(
    bench::BenchClinic& clinic, bench::BenchClinic::Pair& pair, std::size_t messages
)
    : clinic_{clinic}, pair_{pair} {
    bench::PrepareOptions options;
    options.first_request = kFirstRequest;
    options.count = messages;
    options.live = {pair.staff.id};
    const auto& thread = clinic.chains().patients.at(pair.patient_id);
    messages_ = bench::prepare(clinic.chains(), thread, pair.patient, options);
    pair.patient_wire->go_async();
    pair.staff_wire->go_async();
}

void Bystander::log_in() {
    pair_.patient_wire = clinic_.log_in(pair_.patient);
    pair_.staff_wire = clinic_.log_in(pair_.staff);
    const auto& thread = clinic_.chains().patient(pair_.patient_id).thread();
    pair_.staff_wire->request("open", {{"thread", cbor::binary(thread.view())}});
    pair_.patient_wire->go_async();
    pair_.staff_wire->go_async();
}

// An honest client is never refused.
void Bystander::hear_answers() {
    pair_.patient_wire->pump_read([](BytesView frame) {
        if (bench::head_of(frame).type == "error") {
            throw std::runtime_error{
                "an honest client was refused: " + cbor::decode(frame).value().dump()
            };
        }
    });
}

double Bystander::send_next() {
    if (next_ == messages_.size()) throw std::runtime_error{"too few messages were prepared"};
    const auto& message = messages_[next_++];
    const auto begin = Clock::now();
    pair_.patient_wire->queue(message.frame);
    pair_.patient_wire->pump_write();
    // Who only listens would have to answer pings.
    pair_.staff_wire->queue(wire::make_request("head", pair_.staff_wire->take_id()));
    pair_.staff_wire->pump_write();
    bool arrived = false;
    while (!arrived) {
        if (Clock::now() - begin > kPatience)
            throw std::runtime_error{"a message of an honest client did not arrive"};
        wait_readable(pair_.staff_wire->descriptor(), kLook);
        hear_answers();
        pair_.staff_wire->pump_read([&](BytesView frame) {
            arrived = arrived || speaks_of(frame, message.id);
        });
    }
    const std::chrono::duration<double, std::micro> time = Clock::now() - begin;
    hear_answers();
    return time.count();
}

std::vector<double> Bystander::talk_until_stopped() {
    std::vector<double> out;
    while (!stop_) {
        out.push_back(send_next());
        std::this_thread::sleep_for(kPause);
    }
    std::ranges::sort(out);
    return out;
}

std::vector<double> Bystander::talk(std::chrono::milliseconds time) {
    return talk_during([time] { std::this_thread::sleep_for(time); });
}

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) throw std::runtime_error{"nothing was measured"};
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(last * share)];
}

}  // namespace wardline::edge
