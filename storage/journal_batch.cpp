#include "storage/journal_batch.hpp"

#include "storage/measurement.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace wardline::storage {
namespace {

// Of each hour and of so many entries one head is kept for good: each costs whoever verifies the
// journal a signature, and two of them tell between which entries it was changed.
constexpr std::uint64_t kHeadEveryMs = 3'600'000;
constexpr std::uint64_t kHeadEveryEntries = 128;

Error id_reused(const FirstAnswer& first) {
    return Error{
        Code::id_reused,
        "this message id was used for another message",
        {{"seq", first.seq}, {"hash", nlohmann::json::binary(first.hash.bytes())}}
    };
}

}  // namespace

void JournalBatch::add(Pending one) {
    acts.push_back(one.act.get());
    pending.push_back(std::move(one));
    answers.emplace_back();
}

void JournalBatch::remove_if(const std::function<bool(Pending&)>& told) {
    std::erase_if(pending, told);
    acts.clear();
    for (const auto& one : pending) acts.push_back(one.act.get());
    answers.resize(pending.size());
}

void JournalBatch::judge(JournalState& state, std::size_t bytes_max) {
    writes.entries.reserve(acts.size());
    for (std::size_t i = 0; i < acts.size(); ++i) {
        if (payload_bytes_ > bytes_max) break;  // The rest waits for the next.
        answers[i] = judge_one(state, *acts[i]);
    }
}

// A repeated message is answered before any other check.
Result<Appended> JournalBatch::judge_one(JournalState& state, const Act& act) {
    if (act.message) {
        const auto found = facts.messages.find({act.message->device, act.message->id});
        if (found != facts.messages.end()) {
            const auto& first = found->second;
            repeats = true;
            if (first.hash != act.message->hash) return id_reused(first);
            return Appended{first.seq, first.time, first.hash, true};
        }
    }
    return judge_new(state, act);
}

Result<Appended> JournalBatch::judge_new(JournalState& state, const Act& act) {
    const auto seq = next_seq();
    WARDLINE_TRY(auto drafts, state.judge(act, facts.for_act(act, seq, time)));
    if (!drafts.empty()) judged = true;
    Appended answer{seq, time, {}, false};
    if (act.message) answer.hash = act.message->hash;
    if (!drafts.empty() && drafts.front().statement) answer.hash = drafts.front().statement->hash;
    std::optional<Error> refusal;
    for (auto& draft : drafts) {
        if (draft.refusal) refusal = std::move(draft.refusal);
        take_draft(act, std::move(draft));
    }
    if (refusal) return *std::move(refusal);
    return answer;
}

void JournalBatch::take_draft(const Act& act, Draft draft) {
    const auto seq = next_seq();
    auto& entry = writes.entries.emplace_back();
    entry.seq = seq;
    entry.time = time;
    entry.kind = draft.kind;
    entry.details = std::move(draft.details);
    entry.thread = draft.thread;
    entry.about = draft.about;
    entry.message_class = draft.message_class;
    entry.statement = std::move(draft.statement);

    auto& units = payload_units.emplace_back();
    for (auto& payload : draft.payloads) {
        payload_bytes_ += payload.bytes.size();
        units.push_back(payload.unit);
        entry.payloads.push_back({payload.unit.value_or(0), std::move(payload.bytes)});
    }
    if (act.message && draft.counter) {
        const MessageName name{act.message->device, act.message->id};
        const FirstAnswer first{seq, time, act.message->hash};
        const CounterName counter{
            act.message->device, act.message->thread, trust::audience_of(act.message->message_class)
        };
        facts.messages.insert_or_assign(name, first);
        facts.counters[counter] = *draft.counter;
        writes.messages.push_back({name, first});
        writes.counters[counter] = *draft.counter;
    }
    if (draft.generation) {
        facts.generations[draft.generation->device] = draft.generation->generation;
        writes.generations.push_back(*draft.generation);
    }
    if (!draft.address.empty()) writes.addresses.emplace_back(seq, std::move(draft.address));
    if (draft.epoch_boxes) writes.epoch_boxes.push_back(*std::move(draft.epoch_boxes));
    if (draft.admit_box) writes.admit_boxes.emplace_back(seq, *std::move(draft.admit_box));
    if (draft.founds) writes.founds = draft.founds;
    for (const auto unit : draft.condemn) {
        facts.condemnable.erase(unit);
        std::erase_if(facts.live_units, [unit](const auto& live) {
            return live.second.unit == unit;
        });
        writes.condemn.push_back(unit);
    }
}

void JournalBatch::extend_tree(
    const ClinicId& clinic, const SigningSecret& audit_key, crypto::Random& random
) {
    audit::TreeHead tree_head;
    tree_head.clinic = clinic;
    tree_head.time = time;
    if (!kKeepsTrail) {
        writes.leaves.resize(writes.entries.size());
        tree_head.size = writes.entries.back().seq;
        writes.head = audit::sign_head(tree_head, audit_key);
        return;
    }
    writes.leaves.reserve(writes.entries.size());
    for (auto& entry : writes.entries) {
        entry.salt = crypto::random_fixed<audit::Salt>(random);
        const auto details = audit::details_hash(entry.salt, entry.details);
        writes.leaves.push_back(audit::leaf_hash(entry.seq, entry.time, entry.kind, details));
        edge.append(writes.leaves.back(), writes.tiles);
    }
    tree_head.size = edge.size();
    tree_head.root = edge.root();
    writes.head = audit::sign_head(tree_head, audit_key);
    const auto size_before = edge.size() - writes.entries.size();
    writes.keep_head = time.ms / kHeadEveryMs != facts.head_time.ms / kHeadEveryMs ||
                       edge.size() / kHeadEveryEntries != size_before / kHeadEveryEntries;
}

}  // namespace wardline::storage
