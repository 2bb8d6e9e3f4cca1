// What exists and what does not: whether a stranger, a patient or a member of another team can tell
// them apart, by the answer or by its time.
#include "protocol/base/cbor.hpp"
#include "tests/edge/crowd/asker.hpp"
#include "tests/edge/crowd/crowd.hpp"
#include "tests/edge/crowd/welch.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <random>

namespace wardline::edge {
namespace {

using bench::BenchClinic;
using bench::Json;

// A difference counts when it shows in this many independent rounds, each above the bound: on a
// busy machine a single one may.
constexpr double kBound = 5;
constexpr int kRounds = 3;

struct Question {
    std::string name;
    std::string type;
    Json there;           // About what exists and is not the asker's.
    Json absent;          // About what does not exist.
    bool control{false};  // The two are known to differ: the search has to find them.
};

struct Samples {
    std::vector<double> there;
    std::vector<double> absent;
    Json answer_there;
    Json answer_absent;
};

Samples sample(Asker& asker, const Question& question, std::size_t count, std::mt19937& dice) {
    Samples out;
    const auto once = [&](Json body, std::vector<double>& times, Json& kept) {
        // What is signed differs each time, since the time of a verification depends on it.
        if (body.contains("generation")) body["generation"] = dice();
        auto answer = asker.ask(question.type, body);
        times.push_back(static_cast<double>(answer.time.count()));
        kept = std::move(answer.body);
    };
    constexpr std::size_t kWarmUp = 5;
    for (std::size_t i = 0; i < count + kWarmUp; ++i) {
        if (i == kWarmUp) {
            out.there.clear();
            out.absent.clear();
        }
        // In random order, so that neither is always the one that comes second.
        const bool first = dice() % 2 == 0;
        if (first) once(question.there, out.there, out.answer_there);
        once(question.absent, out.absent, out.answer_absent);
        if (!first) once(question.there, out.there, out.answer_there);
    }
    return out;
}

void judge(
    Asker& asker,
    const Question& question,
    const CrowdOptions& options,
    std::mt19937& dice,
    Checks& checks
) {
    double least = HUGE_VAL;
    int round = 0;
    Samples samples;
    for (; round < kRounds && least > kBound; ++round) {
        samples = sample(asker, question, options.samples, dice);
        least = std::min(least, std::abs(welch_t(samples.there, samples.absent)));
    }
    fmt::print(stderr, "  {:<34} |t| {:6.2f} after {} rounds\n", question.name, least, round);
    if (question.control) {
        checks.check("control " + question.name + " is found in time", least > kBound);
        checks.check(
            "control " + question.name + " is found in content",
            samples.answer_there != samples.answer_absent
        );
        return;
    }
    checks.check(
        question.name + " is answered with the same words",
        samples.answer_there == samples.answer_absent,
        samples.answer_there.dump() + " and " + samples.answer_absent.dump()
    );
    checks.check(
        question.name + " is answered in the same time", least <= kBound, fmt::format("{}", least)
    );
}

Json of_thread(const ThreadId& thread, Json more = Json::object()) {
    more["thread"] = cbor::binary(thread.view());
    return more;
}

// What is asked about a thread, whoever asks.
std::vector<Question> about_threads(
    const std::string& who, const ThreadId& there, const ThreadId& absent
) {
    std::vector<std::pair<std::string, Json>> asked{
        {"open", Json::object()},
        {"history", {{"before", 0}, {"limit", 10}}},
        {"slots", {{"after", 0}, {"limit", 10}}},
        {"recipients", {{"class", "appointment"}}},
        {"receipts", Json::object()},
        {"receipt", {{"read", 1}}},
        {"close", Json::object()},
    };
    std::vector<Question> out;
    for (auto& [type, body] : asked) {
        out.push_back({who + " " + type, type, of_thread(there, body), of_thread(absent, body)});
    }
    return out;
}

template <class Id>
Id random_id() {
    return crypto::random_fixed<Id>(crypto::system_random());
}

Json prekeys_of(const DeviceId& device) {
    return {{"devices", Json::array({cbor::binary(device.view())})}};
}

// The same signature for both: one that is none at all is refused sooner than one that is
// another's.
Json login_of(const DeviceId& device, const Signature& signature) {
    return {
        {"device", cbor::binary(device.view())},
        {"version", 1},
        {"features", Json::array()},
        {"generation", 1'000'000},
        {"binding", "none"},
        {"sig", cbor::binary(signature.view())}
    };
}

}  // namespace

void find_differences(BenchClinic& clinic, const CrowdOptions& options, Checks& checks) {
    std::mt19937 dice{std::random_device{}()};
    fmt::print(stderr, "What exists and what does not, {} samples each\n", options.samples);
    auto here = clinic.add_pair(101);
    auto elsewhere = clinic.add_pair(102);
    auto& chains = clinic.chains();
    const auto& foreign = chains.patient(here.patient_id);
    const auto& own = chains.patient(elsewhere.patient_id);
    const auto nobody = random_id<ThreadId>();
    const auto epoch = foreign.epochs().live()->hash;
    const auto with_more = [&](const std::string& who, const DeviceId& device) {
        auto questions = about_threads(who, foreign.thread(), nobody);
        questions.push_back(
            {who + " prekeys-get",
             "prekeys-get",
             prekeys_of(device),
             prekeys_of(random_id<DeviceId>())}
        );
        questions.push_back(
            {who + " boxes",
             "boxes",
             {{"epoch", cbor::binary(epoch.view())}},
             {{"epoch", cbor::binary(random_id<Hash>().view())}}}
        );
        return questions;
    };

    // Who may enrol patients may know their chains, so the colleague is not asked for these.
    Asker staff{clinic.log_in(elsewhere.staff)};
    for (const auto& question : with_more("a colleague elsewhere:", here.patient.id))
        judge(staff, question, options, dice, checks);
    Asker patient{clinic.log_in(elsewhere.patient)};
    auto questions = with_more("another patient:", here.patient.id);
    questions.push_back(
        {"another patient: chain",
         "chain",
         {{"chain", "patient/" + here.patient_id}, {"from", 0}, {"limit", 9}},
         {{"chain", "patient/P-7777777"}, {"from", 0}, {"limit", 9}}}
    );
    const Json page{{"before", 0}, {"limit", 10}};
    questions.push_back(
        {"an own thread and none",
         "history",
         of_thread(own.thread(), page),
         of_thread(nobody, page),
         true}
    );
    for (const auto& question : questions) judge(patient, question, options, dice, checks);
    Asker stranger{std::make_unique<bench::Wire>(clinic.place().host, clinic.place().port)};
    const auto& key = elsewhere.staff.signing;
    const auto signature = crypto::sign(key, "another domain", as_bytes("another text"));
    const Question login{
        "a stranger: login",
        "login",
        login_of(here.staff.id, signature),
        login_of(random_id<DeviceId>(), signature)
    };
    judge(stranger, login, options, dice, checks);
}

}  // namespace wardline::edge
