#include "tests/bench/flat_clinic.hpp"

#include "protocol/base/cbor.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/core.h>
#include <random>
#include <stdexcept>
#include <thread>

namespace wardline::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWindow = 60;              // Under the limit of requests under way.
constexpr std::size_t kPortion = 20'000;         // Prepared at once while a journal grows.
constexpr std::uint64_t kFirstRequest = 10'000;  // Above those of the set-up.
constexpr std::chrono::seconds kBackWithin{60};
constexpr std::chrono::milliseconds kLook{20};
constexpr auto kOurSessions = "from pg_stat_activity where application_name = 'wardlined'";

}  // namespace

FlatClinic::FlatClinic(const ClinicSize& size, const std::filesystem::path& below)
    : server_{PrivateServerOptions{below, 256, "warn"}},
      clinic_{{"127.0.0.1", server_.port()}, server_.setup_token()},
      sql_{server_.main_conninfo()} {
    if (!size.autovacuum) {
        sql_.run("alter system set autovacuum = off");
        sql_.run("select pg_reload_conf()");
    }
    sender_ = clinic_.add_staff("writer");
    receiver_ = clinic_.add_staff("reader");
    const auto team = clinic_.add_team("team", *sender_);
    {
        const auto wire = clinic_.log_in(*sender_);
        clinic_.admit(team, *sender_, *wire, *receiver_);
        for (std::size_t i = 1; i <= size.off_duty; ++i) {
            clinic_.admit(team, *sender_, *wire, clinic_.add_staff(fmt::format("away-{}", i)));
        }
    }
    patients_ = clinic_.add_patients(size.threads, team);
    for (const auto& patient : patients_) clinic_.add_patient_epoch(patient);
    connect();
    grow_to(size.entries);
    // What growing left to do is no cost of the messages that are measured.
    if (size.autovacuum) sql_.run("vacuum analyze");
    sql_.run("checkpoint");
}

void FlatClinic::connect() {
    exchange_.reset();
    auto sender = clinic_.log_in(*sender_);
    auto receiver = clinic_.log_in(*receiver_);
    for (const auto& patient : patients_) {
        const auto& thread = clinic_.chains().patient(patient.account.name()).thread();
        receiver->request("open", {{"thread", cbor::binary(thread.view())}});
    }
    exchange_.emplace(std::move(sender), std::move(receiver));
}

void FlatClinic::grow_to(std::size_t wanted) {
    for (auto now = entries(); now < wanted; now = entries()) {
        send(std::min(wanted - now, kPortion), kWindow);
        connect();
    }
}

// Whole rounds, so that every thread has as many.
std::vector<Prepared> FlatClinic::prepare_next(std::size_t count) {
    const auto turns = patients_.size();
    const auto rounds = (count + turns - 1) / turns;
    std::vector<std::vector<Prepared>> by_thread(turns);
    const auto prepare_share = [&](std::size_t share, std::size_t shares) {
        for (std::size_t i = share; i < turns; i += shares) {
            PrepareOptions options;
            options.first_counter = rounds_ + 1;
            options.first_request = kFirstRequest + rounds_ * turns + i;
            options.request_step = turns;
            options.count = rounds;
            options.live = {receiver_->id, patients_[i].id};
            const auto& thread = clinic_.chains().patients.at(patients_[i].account.name());
            by_thread[i] = prepare(clinic_.chains(), thread, *sender_, options);
        }
    };
    const std::size_t shares = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    threads.reserve(shares);
    for (std::size_t share = 0; share < shares; ++share) {
        threads.emplace_back(prepare_share, share, shares);
    }
    threads.clear();
    rounds_ += rounds;
    std::vector<Prepared> out;
    out.reserve(turns * rounds);
    for (std::size_t round = 0; round < rounds; ++round) {
        for (auto& messages : by_thread) out.push_back(std::move(messages[round]));
    }
    return out;
}

void FlatClinic::send(std::size_t count, std::size_t at_once) {
    exchange_->send(prepare_next(count), at_once);
}

Cost FlatClinic::cost_of(std::size_t count, std::size_t at_once) {
    const auto messages = prepare_next(count);
    const auto before = server_.cost();
    exchange_->send(messages, at_once);
    return (server_.cost() - before) / static_cast<double>(messages.size());
}

std::vector<std::uint32_t> FlatClinic::proof_times(std::size_t count) {
    const auto wire = clinic_.log_in(patients_.front());
    std::mt19937_64 dice{std::random_device{}()};
    std::uniform_int_distribution<std::uint64_t> any{1, entries()};
    std::vector<std::uint32_t> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto [from, to] = std::minmax({any(dice), any(dice)});
        const auto begin = Clock::now();
        wire->request("consistency", {{"from", from}, {"to", to}});
        const auto took = Clock::now() - begin;
        out.push_back(static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(took).count()
        ));
    }
    return out;
}

void FlatClinic::renew_sessions() {
    const auto old = sql_.column(fmt::format("select pid {}", kOurSessions));
    sql_.run(fmt::format("select pg_terminate_backend(pid) {}", kOurSessions));
    const auto end = Clock::now() + kBackWithin;
    for (;;) {
        const auto now = sql_.column(fmt::format("select pid {}", kOurSessions));
        const bool gone = std::ranges::none_of(now, [&](const auto& pid) {
            return std::ranges::find(old, pid) != old.end();
        });
        try {
            if (gone && !now.empty()) return connect();
        } catch (const std::runtime_error& not_ready) {
            if (Clock::now() > end) throw std::runtime_error{not_ready.what()};
        }
        if (Clock::now() > end) throw std::runtime_error{"the server did not come back"};
        std::this_thread::sleep_for(kLook);
    }
}

}  // namespace wardline::bench
