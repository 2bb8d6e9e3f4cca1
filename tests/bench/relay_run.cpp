#include "tests/bench/relay_run.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>

namespace wardline::bench {
namespace {

constexpr std::chrono::seconds kGrace{10};  // For what was acknowledged to be delivered.
constexpr std::chrono::nanoseconds kLongestWait{1'000'000};

}  // namespace

std::vector<Lane> prepare_lanes(
    BenchClinic& clinic, std::vector<BenchClinic::Pair>& pairs, std::size_t messages_each
) {
    std::vector<Lane> lanes(pairs.size());
    const auto prepare_share = [&](std::size_t share, std::size_t shares) {
        for (std::size_t i = share; i < pairs.size(); i += shares) {
            auto& pair = pairs[i];
            const bool from_patient = i % 2 == 0;
            const auto& sender = from_patient ? pair.patient : pair.staff;
            lanes[i].sender = from_patient ? pair.patient_wire.get() : pair.staff_wire.get();
            lanes[i].receiver = from_patient ? pair.staff_wire.get() : pair.patient_wire.get();
            PrepareOptions options;
            options.first_request = 1'000;  // Above those of the set-up.
            options.count = messages_each;
            options.live = {from_patient ? pair.staff.id : pair.patient.id};
            const auto& thread = clinic.chains().patients.at(pair.patient_id);
            lanes[i].messages = prepare(clinic.chains(), thread, sender, options);
        }
    };
    const std::size_t shares = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    for (std::size_t share = 0; share < shares; ++share)
        threads.emplace_back(prepare_share, share, shares);
    threads.clear();
    return lanes;
}

RelayRun::RelayRun(std::vector<Lane> lanes, std::size_t window)
    : lanes_{std::move(lanes)}, window_{window}, poll_{::epoll_create1(EPOLL_CLOEXEC)} {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i].due.resize(lanes_[i].messages.size());
        watch(*lanes_[i].sender, 2 * i);
        watch(*lanes_[i].receiver, 2 * i + 1);
    }
}

RelayRun::~RelayRun() {
    ::close(poll_);
}

void RelayRun::watch(Wire& wire, std::size_t number) {
    wire.go_async();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, wire.descriptor(), &event);
}

std::size_t RelayRun::sum(std::size_t Lane::* member) const {
    std::size_t total = 0;
    for (const Lane& lane : lanes_) total += lane.*member;
    return total;
}

void RelayRun::run(std::chrono::milliseconds time, double rate) {
    rate_ = rate;
    began_ = Clock::now();
    sent_before_ = sent_;
    most_waiting_ = 0;
    deliveries_.clear();
    for (auto now = began_; now - began_ < time && !exhausted_; now = Clock::now()) {
        fill(now);
        step();
    }
    measured_ = Clock::now() - began_;
}

void RelayRun::drain() {
    const auto end = Clock::now() + kGrace;
    while (Clock::now() < end && (acknowledged() < sent_ || delivered_ < acknowledged())) step();
}

RelayRun::Clock::time_point RelayRun::due_of(std::size_t number) const {
    const std::chrono::duration<double> after{static_cast<double>(number) / rate_};
    return began_ + std::chrono::duration_cast<Clock::duration>(after);
}

// Every lane up to its window; with a rate, the lanes take turns and nothing is sent before it is
// due.
void RelayRun::fill(Clock::time_point now) {
    if (rate_ > 0) {
        const std::chrono::duration<double> passed = now - began_;
        const auto due = sent_before_ + static_cast<std::size_t>(passed.count() * rate_);
        most_waiting_ = std::max(most_waiting_, due - std::min(due, delivered_));
    }
    const auto may_send = [&] { return rate_ <= 0 || due_of(sent_ - sent_before_) <= now; };
    for (std::size_t i = 0; i < lanes_.size() && may_send() && !exhausted_; ++i) {
        Lane& lane = lanes_[next_lane_++ % lanes_.size()];
        bool queued = false;
        while (lane.sent - lane.acknowledged < window_ && may_send() && !exhausted_) {
            if (lane.sent == lane.messages.size()) {
                exhausted_ = true;
                break;
            }
            send(lane, rate_ > 0 ? due_of(sent_ - sent_before_) : now);
            queued = true;
            if (rate_ > 0) break;
        }
        if (queued) lane.sender->pump_write();
    }
}

void RelayRun::send(Lane& lane, Clock::time_point due) {
    lane.sender->queue(lane.messages[lane.sent].frame);
    lane.due[lane.sent++] = due;
    ++sent_;
}

// Until the next message is due.
timespec RelayRun::patience() const {
    std::chrono::nanoseconds wait = kLongestWait;
    if (rate_ > 0) {
        const std::chrono::nanoseconds next = due_of(sent_ - sent_before_) - Clock::now();
        wait = std::clamp(next, std::chrono::nanoseconds{0}, kLongestWait);
    }
    return {0, static_cast<long>(wait.count())};
}

void RelayRun::step() {
    std::array<epoll_event, 256> events;
    const auto wait = patience();
    const int count =
        ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    for (int i = 0; i < count; ++i) {
        const auto number = events[static_cast<std::size_t>(i)].data.u64;
        Lane& lane = lanes_[number / 2];
        const bool is_sender = number % 2 == 0;
        Wire& wire = is_sender ? *lane.sender : *lane.receiver;
        wire.pump_read([&](BytesView frame) {
            is_sender ? answered(lane, frame) : pushed(lane, frame);
        });
        wire.pump_write();
    }
}

void RelayRun::answered(Lane& lane, BytesView frame) {
    const FrameHead head = head_of(frame);
    if (head.type == "send") ++lane.acknowledged;
    if (head.type == "error")
        throw std::runtime_error{"the server refused: " + std::string{as_text(frame)}};
}

void RelayRun::pushed(Lane& lane, BytesView frame) {
    if (head_of(frame).type != "entry") return;
    // Entries of other kinds come too: a login, an opened thread.
    if (lane.delivered == lane.sent) return;
    const auto& id = lane.messages[lane.delivered].id;
    if (::memmem(frame.data(), frame.size(), id.view().data(), id.view().size()) == nullptr) return;
    const auto due = lane.due[lane.delivered];
    ++lane.delivered;
    ++delivered_;
    if (due < began_) return;
    const auto us = [](Clock::duration time) {
        const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
        return static_cast<std::uint32_t>(count);
    };
    deliveries_.push_back({us(due - began_), us(Clock::now() - due)});
}

}  // namespace wardline::bench
