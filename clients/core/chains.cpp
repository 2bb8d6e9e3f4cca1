#include "clients/core/chains.hpp"

#include "protocol/base/cbor.hpp"

namespace wardline::client {
namespace {

constexpr std::size_t kPage = 256;
constexpr int kSubmitTries = 16;
constexpr std::size_t kEntriesMax = 65'536;
constexpr Space kUnproved{"unproved"};

std::string space_of(const trust::ChainName& chain) {
    return "chain " + chain.text();
}

Error alarm(const trust::ChainName& chain, std::string_view what) {
    const std::string whose =
        chain.is_clinic() ? "the clinic" : "patient " + chain.patient()->text();
    return Error{
        Code::trust_alarm,
        "the server shows a false record of who belongs to " + whose + ": " + std::string{what}
    };
}

Bytes position_key(std::uint64_t pos) {
    Bytes key;
    append_u64(key, pos);
    return key;
}

}  // namespace

Result<trust::LocatedStatement> located_of(const wire::Entry& entry) {
    if (entry.kind != wire::EntryKind::statement || !entry.chain)
        return Error{Code::bad_frame, "the entry is no statement"};
    WARDLINE_TRY(auto statement, trust::Statement::parse(entry.statement));
    if (statement.chain() != *entry.chain)
        return Error{Code::bad_statement, "the statement belongs to another chain"};
    WARDLINE_TRY(const auto details, cbor::decode(entry.details));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(details));
    WARDLINE_TRY(const auto hash, reader.fixed<Hash>("hash"));
    if (hash != statement.hash())
        return Error{Code::bad_statement, "the entry is another statement's"};
    return trust::LocatedStatement{
        .seq = entry.seq, .time = entry.time, .statement = std::move(statement)
    };
}

Result<void> Chains::apply(trust::ClinicChain& chain, const trust::LocatedStatement& located)
    const {
    return chain.apply(located);
}
Result<void> Chains::apply(trust::PatientChain& chain, const trust::LocatedStatement& located)
    const {
    return chain.apply(located, clinic_);
}
void Chains::replace(trust::PatientChain chain) {
    const PatientId id = chain.patient();
    patients_.insert_or_assign(id, std::move(chain));
}

// Works on a copy, which takes the old one's place once every statement has been verified and is on
// the disk.
template <class Chain>
Result<void> Chains::extend_copy(
    const Chain& now, const trust::ChainName& name, std::span<const wire::Entry> entries, bool prove
) {
    Chain next = now;
    std::vector<wire::Entry> fresh;
    for (const auto& entry : entries) {
        auto located = located_of(entry);
        if (!located) return alarm(name, located.error().detail);
        const auto& statement = located.value().statement;
        if (statement.chain() != name) return alarm(name, "a statement of another chain");
        if (statement.pos() < next.size()) {
            if (next.hash_at(statement.pos()) != statement.hash())
                return alarm(name, "it differs from what was verified before");
            if (next.seq_at(statement.pos()) != entry.seq)
                return alarm(name, "a statement has moved in the journal");
            continue;
        }
        if (name.is_clinic() && next.empty() && statement.hash() != self_.anchor.genesis) {
            return alarm(name, "it begins differently than this device's invite said");
        }
        auto applied = apply(next, located.value());
        if (!applied) return alarm(name, applied.error().detail);
        fresh.push_back(entry);
    }
    if (fresh.empty()) return success();
    if (prove) {
        WARDLINE_TRY(tree_.prove(fresh));
    }
    StoreTransaction transaction{store_};
    const std::string space = space_of(name);
    for (const auto& entry : fresh) {
        WARDLINE_TRY(const auto located, located_of(entry));
        const auto pos = located.statement.pos();
        WARDLINE_TRY(store_.put(Space{space}, position_key(pos), wire::encode(entry), pos));
        if (!prove) {
            WARDLINE_TRY(
                store_.put(kUnproved, position_key(entry.seq), wire::encode(entry), entry.seq)
            );
        }
    }
    WARDLINE_TRY(transaction.commit());
    replace(std::move(next));
    revision_ += fresh.size();
    return success();
}

Result<void> Chains::extend(
    const trust::ChainName& chain, std::span<const wire::Entry> entries, bool prove
) {
    if (chain.is_clinic()) return extend_copy(clinic_, chain, entries, prove);
    const auto known = patients_.find(*chain.patient());
    if (known != patients_.end()) return extend_copy(known->second, chain, entries, prove);
    return extend_copy(trust::PatientChain{*chain.patient()}, chain, entries, prove);
}

namespace {

Result<std::vector<wire::Entry>> stored_entries(Store& store, Space space) {
    std::vector<wire::Entry> out;
    WARDLINE_TRY(const auto records, store.from(space, 0, SIZE_MAX));
    for (const auto& record : records) {
        WARDLINE_TRY(const auto map, cbor::decode(record.value.reveal()));
        WARDLINE_TRY(auto entry, wire::parse_entry(map));
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace

Result<std::vector<trust::LocatedStatement>> Chains::statements(const trust::ChainName& chain) {
    const std::string space = space_of(chain);
    WARDLINE_TRY(const auto entries, stored_entries(store_, Space{space}));
    std::vector<trust::LocatedStatement> out;
    for (const auto& entry : entries) {
        WARDLINE_TRY(auto located, located_of(entry));
        out.push_back(std::move(located));
    }
    return out;
}

Result<void> Chains::load() {
    clinic_ = trust::ClinicChain{self_.clinic};
    const auto name = trust::ChainName::clinic();
    WARDLINE_TRY(const auto entries, stored_entries(store_, Space{space_of(name)}));
    for (const auto& entry : entries) {
        WARDLINE_TRY(const auto located, located_of(entry));
        WARDLINE_TRY(clinic_.apply(located));
    }
    // Empty: the clinic was founded and the answer lost; it comes with the first login.
    if (!clinic_.empty() && clinic_.genesis_hash() != self_.anchor.genesis) {
        return Error{
            Code::local_store,
            "the local store holds another clinic than the one that this device was enrolled in"
        };
    }
    if (self_.is_patient()) {
        WARDLINE_TRY(known_patient(self_.account.patient_id()));
    }
    return success();
}

Result<const trust::PatientChain*> Chains::known_patient(const PatientId& patient) {
    const auto known = patients_.find(patient);
    if (known != patients_.end()) return &known->second;
    const auto name = trust::ChainName::patient(patient);
    const std::string space = space_of(name);
    WARDLINE_TRY(const auto entries, stored_entries(store_, Space{space}));
    if (entries.empty()) return nullptr;
    trust::PatientChain chain{patient};
    for (const auto& entry : entries) {
        WARDLINE_TRY(const auto located, located_of(entry));
        WARDLINE_TRY(chain.apply(located, clinic_));
    }
    return &patients_.emplace(patient, std::move(chain)).first->second;
}

Result<void> Chains::adopt(
    std::span<const wire::Entry> clinic, std::span<const wire::Entry> patient
) {
    clinic_ = trust::ClinicChain{self_.clinic};
    StoreTransaction transaction{store_};
    WARDLINE_TRY(extend(trust::ChainName::clinic(), clinic, false));
    if (!patient.empty()) {
        WARDLINE_TRY(extend(trust::ChainName::patient(self_.account.patient_id()), patient, false));
    }
    return transaction.commit();
}

Result<void> Chains::prove_adopted() {
    WARDLINE_TRY(const auto entries, stored_entries(store_, kUnproved));
    if (entries.empty()) return success();
    WARDLINE_TRY(tree_.prove(entries));
    return store_.erase_all(kUnproved);
}

std::optional<PatientId> Chains::patient_of(const ThreadId& thread) const {
    for (const auto& [patient, chain] : patients_) {
        if (!chain.empty() && chain.thread() == thread) return patient;
    }
    return std::nullopt;
}

std::optional<PatientId> Chains::patient_of_device(const DeviceId& device) const {
    for (const auto& [patient, chain] : patients_) {
        if (chain.device(device)) return patient;
    }
    return std::nullopt;
}

const trust::PatientChain* Chains::own_patient() const {
    if (!self_.is_patient()) return nullptr;
    const auto known = patients_.find(self_.account.patient_id());
    return known == patients_.end() ? nullptr : &known->second;
}

Result<std::vector<wire::Entry>> Chains::fetch(const trust::ChainName& chain, std::uint64_t from) {
    std::vector<wire::Entry> out;
    while (true) {
        Json body{{"chain", chain.text()}, {"from", from + out.size()}, {"limit", kPage}};
        WARDLINE_TRY(const auto answer, link_.request("chain", std::move(body)));
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* list, reader.array("entries", kPage));
        WARDLINE_TRY(auto entries, wire::parse_entries(*list, kPage));
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        std::move(entries.begin(), entries.end(), std::back_inserter(out));
        if (!more || entries.empty()) return out;
        if (out.size() > kEntriesMax) return alarm(chain, "it has no end");
    }
}

// Asks from the newest statement that is known, so that a shorter or another chain shows at once.
Result<void> Chains::update_clinic() {
    const auto name = trust::ChainName::clinic();
    WARDLINE_TRY(const auto entries, fetch(name, clinic_.empty() ? 0 : clinic_.size() - 1));
    if (entries.empty()) return alarm(name, "it is shorter than it was");
    return extend(name, entries, true);
}

Result<void> Chains::compare_clinic_head(const trust::ChainPosition& head) {
    const auto name = trust::ChainName::clinic();
    if (head.pos >= clinic_.size()) return update_clinic();
    if (clinic_.hash_at(head.pos) != head.hash)
        return alarm(name, "it differs from what was verified before");
    if (head.pos + 1 < clinic_.size()) {
        // An answer may be older than a statement that came as a push beside it; the chain itself
        // may not be.
        return update_clinic();
    }
    return success();
}

Result<const trust::PatientChain*> Chains::update_patient(const PatientId& patient) {
    WARDLINE_TRY(const auto* known, known_patient(patient));
    const auto name = trust::ChainName::patient(patient);
    WARDLINE_TRY(const auto entries, fetch(name, known ? known->size() - 1 : 0));
    if (entries.empty()) {
        if (known) return alarm(name, "it is shorter than it was");
        return Error{Code::not_found, "there is no patient " + patient.text()};
    }
    // The statements name the clinic's; those come first.
    if (entries.back().seq > clinic_.head_seq()) {
        WARDLINE_TRY(update_clinic());
    }
    WARDLINE_TRY(extend(name, entries, true));
    return &patients_.at(patient);
}

Result<const trust::PatientChain*> Chains::patient(const PatientId& patient) {
    WARDLINE_TRY(const auto* known, known_patient(patient));
    if (known) return known;
    return update_patient(patient);
}

Result<void> Chains::update(const trust::ChainName& chain) {
    WARDLINE_TRY(update_clinic());
    if (!chain.is_clinic()) {
        WARDLINE_TRY(update_patient(*chain.patient()));
    }
    return success();
}

std::optional<Hash> Chains::hash_at(const trust::ChainName& chain, std::uint64_t pos) const {
    if (chain.is_clinic()) return clinic_.hash_at(pos);
    const auto known = patients_.find(*chain.patient());
    if (known == patients_.end()) return std::nullopt;
    return known->second.hash_at(pos);
}

Result<bool> Chains::take(const wire::Entry& entry) {
    WARDLINE_TRY(const auto located, located_of(entry));
    const auto& statement = located.statement;
    if (!statement.chain().is_clinic()) {
        WARDLINE_TRY(const auto* patient, known_patient(*statement.chain().patient()));
        // Staff fetch a patient's chain when they first have to do with it.
        if (!patient && !self_.is_patient()) return false;
    }
    const auto known = hash_at(statement.chain(), statement.pos());
    if (known) {
        if (*known != statement.hash())
            return alarm(statement.chain(), "it differs from what was verified before");
        return false;
    }
    const std::uint64_t before = revision_;
    WARDLINE_TRY(update(statement.chain()));
    if (hash_at(statement.chain(), statement.pos()) != statement.hash()) {
        return alarm(statement.chain(), "a statement that was announced is not in it");
    }
    return revision_ > before;
}

Result<bool> Chains::agrees(
    const trust::ChainName& chain, const trust::ChainPosition& head, Seq at
) {
    const auto contained = [&]() -> Result<bool> {
        if (chain.is_clinic()) return clinic_.contains(head, at);
        WARDLINE_TRY(const auto* known, known_patient(*chain.patient()));
        return known != nullptr && known->contains(head, at);
    };
    WARDLINE_TRY(const bool now, contained());
    // A position that is known with another statement does not get better by asking.
    if (now || hash_at(chain, head.pos)) return now;
    WARDLINE_TRY(update(chain));
    return contained();
}

Result<trust::StatementFields> Chains::fields(
    const trust::ChainName& chain, const trust::StatementData& data
) {
    const Instant now = environment_.clock.now();
    if (chain.is_clinic()) return clinic_.draft(now, data);
    WARDLINE_TRY(const auto* known, known_patient(*chain.patient()));
    if (known) return known->draft(clinic_, now, data);
    return trust::PatientChain{*chain.patient()}.draft(clinic_, now, data);
}

Result<std::optional<Seq>> Chains::submit(
    const trust::ChainName& chain,
    const MakeDraft& draft,
    const std::optional<SigningSecret>& signer
) {
    for (int i = 0; i < kSubmitTries; ++i) {
        WARDLINE_TRY(const auto wanted, draft());
        if (!wanted) return std::optional<Seq>{};
        WARDLINE_TRY(auto unsigned_fields, fields(chain, wanted->data));
        const SigningSecret& secret = signer ? *signer : self_.signing;
        WARDLINE_TRY(
            const auto statement, trust::sign_statement(secret, std::move(unsigned_fields))
        );
        Json body = wanted->extra;
        body["statement"] = statement.to_json();
        auto answer = link_.request("statement", std::move(body));
        if (!answer && answer.error().code != Code::chain_moved) return answer.error();
        const bool stored = answer.has_value();
        WARDLINE_TRY(update(chain));
        if (!stored) continue;
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer.value()));
        WARDLINE_TRY(const auto seq, reader.uint("seq"));
        if (hash_at(chain, statement.pos()) != statement.hash())
            return alarm(chain, "a statement of this device is missing in it");
        return std::optional<Seq>{seq};
    }
    return Error{Code::unavailable, "others are changing the same record at this moment"};
}

Result<Seq> Chains::submit(
    const trust::ChainName& chain,
    const trust::StatementData& data,
    const std::optional<SigningSecret>& signer
) {
    WARDLINE_TRY(
        const auto seq,
        submit(
            chain,
            [&]() -> Result<std::optional<StatementDraft>> {
                return std::optional{StatementDraft{.data = data}};
            },
            signer
        )
    );
    return *seq;
}

}  // namespace wardline::client
