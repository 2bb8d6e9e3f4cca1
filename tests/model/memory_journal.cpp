#include "tests/model/memory_journal.hpp"

#include "audit/leaf.hpp"
#include "server/acts/message_act.hpp"
#include "server/acts/statement_act.hpp"

#include <algorithm>

namespace wardline::model {

using storage::Draft;
using storage::StoredEntry;

namespace {

SymmetricKey a_key() {
    SymmetricKey key;
    std::ranges::fill(key.writable(), std::uint8_t{5});
    return key;
}

trust::EpochBoxes boxes_for(testing::AClinic& clinic, const trust::Statement& statement) {
    const auto made = clinic.epoch_boxes.find(statement.hash());
    if (made != clinic.epoch_boxes.end()) return made->second;
    const auto* admit = std::get_if<trust::Admit>(&statement.data());
    if (admit == nullptr) return {};
    const auto& secret = clinic.epoch_secrets.at(admit->epoch);
    const auto key = crypto::box_key_of(secret);
    if (admit->team) {
        const auto number = clinic.chain.epoch(admit->epoch)->epoch->number;
        const trust::EpochName name{trust::team_reader(*admit->team), number, key};
        const auto& box_key = clinic.chain.device(admit->device)->keys.box;
        return {{trust::make_admit_box(secret, name, box_key).value()}, false};
    }
    const auto& patient = clinic.patient(statement.chain().patient()->text());
    const auto number = patient.epochs().find(admit->epoch)->number;
    const trust::EpochName name{patient.epoch_context(), number, key};
    const auto& box_key = patient.device(admit->device)->keys.box;
    return {{trust::make_admit_box(secret, name, box_key).value()}, false};
}

}  // namespace

// ---- The journal ----

const std::vector<Hash>* MemoryJournal::tile(const audit::TileId& id) {
    auto& hashes = tiles_[id];
    hashes.clear();
    // Journals here are shorter than a tile and a half: levels above the first are computed.
    const auto width = id.level == 0 ? 1 : audit::kTileHashes;
    const auto first = id.index * audit::kTileHashes * width;
    for (auto at = first; at + width <= leaves_.size(); at += width) {
        if (hashes.size() == audit::kTileHashes) break;
        if (id.level == 0) {
            hashes.push_back(leaves_[at]);
            continue;
        }
        audit::TreeEdge edge;
        std::vector<audit::Tile> full;
        for (auto leaf = at; leaf < at + width; ++leaf) edge.append(leaves_[leaf], full);
        hashes.push_back(edge.root());
    }
    return &hashes;
}

void MemoryJournal::append(StoredEntry entry) {
    leaves_.push_back(audit::leaf_hash(
        entry.seq, entry.time, entry.kind, audit::details_hash(entry.salt, entry.details)
    ));
    std::vector<audit::Tile> full;
    edge_.append(leaves_.back(), full);
    roots_.push_back(edge_.root());
    entries_.push_back(std::move(entry));
}

// ---- A node ----

MemoryNode::MemoryNode(MemoryJournal& journal, const Instant& now)
    : journal_{journal},
      now_{now},
      database_{io_.get_executor(), {}},
      keys_{database_, a_key(), crypto::system_random()},
      log{server::Log::to_stream(log_text_, server::LogLevel::error, a_key())},
      state{database_, keys_, log},
      reader{database_, keys_} {}

void MemoryNode::catch_up(const Spoil& spoil) {
    const auto& all = journal_.entries();
    std::vector<StoredEntry> missed{all.begin() + static_cast<std::ptrdiff_t>(seen_), all.end()};
    if (missed.empty()) return;
    seen_ = journal_.newest();
    if (spoil) spoil(missed);
    state.apply(std::move(missed));
}

storage::JudgeFacts MemoryNode::facts_for(const server::ServerAct& act) const {
    storage::JudgeFacts facts;
    facts.seq = journal_.newest() + 1;
    facts.time = now_;
    if (act.message) {
        const auto audience = trust::audience_of(act.message->message_class);
        const auto found =
            journal_.counters.find({act.message->device, {act.message->thread, audience}});
        if (found != journal_.counters.end()) facts.last_counter = found->second;
    }
    if (act.generation_of) {
        const auto found = journal_.generations.find(*act.generation_of);
        if (found != journal_.generations.end()) facts.generation = found->second;
    }
    for (const auto seq : act.units_of) {
        const bool kept = seq > 0 && seq <= journal_.newest() && !journal_.at(seq).payloads.empty();
        facts.units.push_back(
            kept ? std::optional{journal_.at(seq).payloads.front().unit} : std::nullopt
        );
    }
    return facts;
}

StoredEntry MemoryNode::entry_of(const Draft& draft, Seq seq) const {
    StoredEntry entry;
    entry.seq = seq;
    entry.time = now_;
    entry.kind = draft.kind;
    entry.details = draft.details;
    entry.thread = draft.thread;
    entry.message_class = draft.message_class;
    entry.statement = draft.statement;
    for (const auto& payload : draft.payloads) {
        entry.payloads.push_back({payload.unit.value_or(seq), payload.bytes});
    }
    return entry;
}

void MemoryNode::remember(const Draft& draft, const server::ServerAct& act, Seq seq) {
    if (draft.counter && act.message) {
        const auto& asked = *act.message;
        const auto audience = trust::audience_of(asked.message_class);
        journal_.counters[{asked.device, {asked.thread, audience}}] = *draft.counter;
        journal_.messages[{asked.device, asked.id}] = {seq, asked.hash};
    }
    if (draft.generation) {
        journal_.generations[draft.generation->device] = draft.generation->generation;
    }
    if (draft.epoch_boxes) journal_.boxes[draft.epoch_boxes->epoch] = *draft.epoch_boxes;
    if (draft.admit_box) journal_.admitted[draft.admit_box->epoch].push_back(*draft.admit_box);
}

MemoryNode::Answer MemoryNode::judge(
    const server::ServerAct& act, std::vector<StoredEntry>& fresh
) {
    if (act.message) {
        const auto known = journal_.messages.find({act.message->device, act.message->id});
        if (known != journal_.messages.end()) {
            const auto& [seq, hash] = known->second;
            if (hash == act.message->hash) {
                return storage::Appended{seq, journal_.at(seq).time, hash, true};
            }
            return Error{
                Code::id_reused,
                "other bytes under this id",
                {{"seq", seq}, {"hash", cbor::binary(hash.view())}}
            };
        }
    }
    auto drafts = state.judge(act, facts_for(act));
    if (!drafts) return std::move(drafts).error();
    storage::Appended out{journal_.newest() + 1, now_, {}, false};
    if (act.message) out.hash = act.message->hash;
    for (auto& draft : drafts.value()) {
        const auto seq = journal_.newest() + 1;
        auto entry = entry_of(draft, seq);
        if (entry.statement) out.hash = entry.statement->hash;
        remember(draft, act, seq);
        fresh.push_back(entry);
        journal_.append(std::move(entry));
        if (draft.refusal) return *std::move(draft.refusal);
    }
    return out;
}

void MemoryNode::write(std::vector<Asked> batch) {
    catch_up();
    std::vector<StoredEntry> fresh;
    std::vector<Answer> answers;
    for (const auto& asked : batch) answers.push_back(judge(*asked.act, fresh));
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch[i].done) batch[i].done(std::move(answers[i]));
    }
    seen_ = journal_.newest();
    state.committed(std::move(fresh));
}

MemoryNode::Answer MemoryNode::write(std::unique_ptr<server::ServerAct> act) {
    Answer out{Error{Code::internal, "not answered"}};
    std::vector<Asked> batch;
    batch.push_back({std::move(act), [&out](Answer answer) { out = std::move(answer); }});
    write(std::move(batch));
    return out;
}

void MemoryNode::store(testing::AClinic& clinic) {
    std::set<Hash> known;
    for (const auto& entry : journal_.entries()) {
        if (entry.statement) known.insert(entry.statement->hash);
    }
    if (journal_.newest() == 0) {
        const auto& statements = clinic.journal;
        auto act =
            std::make_unique<server::SetupAct>(statements[0].statement, statements[1].statement);
        act->tls_pin = clinic.server_keys.tls;
        act->audit_key = clinic.server_keys.audit;
        (void)write(std::move(act)).value();
        known = {statements[0].statement.hash(), statements[1].statement.hash()};
    }
    for (const auto& located : clinic.journal) {
        if (known.contains(located.statement.hash())) continue;
        auto act = std::make_unique<server::StatementAct>(located.statement);
        act->boxes = boxes_for(clinic, located.statement);
        (void)write(std::move(act)).value();
    }
}

}  // namespace wardline::model
