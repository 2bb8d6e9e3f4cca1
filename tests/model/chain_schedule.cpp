#include "tests/model/chain_schedule.hpp"

#include "protocol/trust/readers.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::trust;

namespace {

constexpr int kSteps = 70;

Fact fact_of(const LocatedStatement& located) {
    const auto& statement = located.statement;
    return {
        .seq = located.seq,
        .time = located.time,
        .signed_at = statement.time(),
        .hash = statement.hash(),
        .by = statement.by(),
        .data = statement.data()
    };
}

template <class T>
std::optional<std::string> differ(const std::string& what, const T& product, const T& model) {
    if (product == model) return std::nullopt;
    return "the product and the model differ: " + what;
}

EpochState state_of(const NewestEpoch& epoch) {
    if (epoch.fact == nullptr) return EpochState::none;
    return epoch.live ? EpochState::live : EpochState::voided;
}

}  // namespace

ChainSchedule::ChainSchedule(std::uint64_t seed, ChainFault fault)
    : dice_{seed},
      fault_{fault},
      clinic_{"chains " + std::to_string(seed)},
      source_{dice_, clinic_, model_} {
    for (const char* id : {"P-1", "P-2"}) {
        const auto patient = testing::a_patient(id);
        patients_.push_back({patient, PatientModel{model_, patient}, {}});
    }
    if (dice_.chance(80)) found();
    for (const auto& located : clinic_.journal) {
        source_.took(located);
        if (located.statement.chain().is_clinic()) {
            model_.take(fact_of(located));
        } else {
            patients_.front().model.take(fact_of(located));
            patients_.front().puts.push_back({located, true});
        }
    }
}

void ChainSchedule::found() {
    const auto anna = clinic_.a_staff_device("anna", Role::reception);
    const auto ben = clinic_.a_staff_device("ben");
    source_.add(anna);
    source_.add(ben);
    const auto front = clinic_.team_of("front", anna);
    if (dice_.chance(50)) clinic_.admit(front, anna, ben);
    if (dice_.chance(30)) return;
    clinic_.open_patient("P-1", anna, {front});
    const auto phone = clinic_.a_patient_device("P-1", anna);
    source_.add(phone);
    if (dice_.chance(80)) clinic_.next_patient_epoch(phone);
}

std::optional<std::string> ChainSchedule::run() {
    for (int i = 0; i < kSteps; ++i) {
        pass_time();
        const auto before = clinic_.journal.size();
        if (auto complaint = step()) return complaint;
        if (auto complaint = compare_invites()) return complaint;
        if (clinic_.journal.size() == before) continue;
        const bool now = dice_.chance(50);
        if (auto complaint = compare(now ? kNow : 1 + dice_.below(clinic_.seq + 1))) {
            return complaint;
        }
    }
    if (auto complaint = compare(kNow)) return complaint;
    if (auto complaint = follow()) return complaint;
    return verify_late();
}

void ChainSchedule::pass_time() {
    const auto kind = dice_.below(20);
    if (kind == 0) clinic_.pass(kDayMs * (1 + dice_.below(9)));
    if (kind > 16) clinic_.pass(60'000 * dice_.below(600));
    if (dice_.chance(20)) clinic_.pass_entry();
}

std::optional<std::string> ChainSchedule::step() {
    if (dice_.chance(60)) return clinic_step();
    return patient_step(patients_[dice_.below(patients_.size())]);
}

bool ChainSchedule::spoil(Drawn& drawn, StatementFields& fields, Seq head_seq, Seq& seq) {
    if (auto* grant = std::get_if<Grant>(&drawn.data); grant != nullptr && dice_.chance(3)) {
        grant->pop = Signature{};
        fields.data = *grant;
        return true;
    }
    switch (dice_.below(60)) {
        case 0:
            ++fields.pos;
            return true;
        case 1:
            fields.prev = crypto::random_fixed<Hash>(clinic_.random);
            return true;
        case 2:
            fields.clinic = crypto::random_fixed<ClinicId>(clinic_.random);
            return true;
        case 3:
            if (head_seq == 0) return false;
            seq = head_seq;
            return true;
        case 4:
            if (!fields.head) return false;
            fields.head->hash = crypto::random_fixed<Hash>(clinic_.random);
            return true;
        case 5:
            if (!fields.head) return false;
            fields.head->pos = dice_.below(clinic_.chain.size());
            fields.head->hash = *clinic_.chain.hash_at(fields.head->pos);
            return false;  // An author who knew less of the clinic is right too.
        default:
            return false;
    }
}

std::optional<LocatedStatement> ChainSchedule::sign(
    const SigningSecret& by, StatementFields fields, Seq seq, bool& signature_right
) {
    auto statement = sign_statement(by, std::move(fields));
    if (!statement) return std::nullopt;  // Nobody's statement: it has no form.
    signature_right = !dice_.chance(3);
    if (signature_right) return LocatedStatement{seq, clinic_.now, std::move(statement).value()};
    auto changed = statement.value().signature().array();
    changed[dice_.below(changed.size())] ^= static_cast<std::uint8_t>(1U << dice_.below(8));
    auto forged = Statement::from_parts(statement.value().body(), Signature{changed});
    return LocatedStatement{seq, clinic_.now, std::move(forged).value()};
}

std::optional<std::string> ChainSchedule::judge(
    const LocatedStatement& located, bool expected, const Result<void>& answer
) {
    const std::string type{located.statement.type()};
    auto& count = verdicts_[type];
    ++(answer ? count.accepted : count.refused);
    if (answer.has_value() == expected) return std::nullopt;
    const std::string said = answer ? "accepts" : "refuses (" + answer.error().detail + ")";
    return "entry " + std::to_string(located.seq) + ": the product " + said + " a statement " +
           type + ", and the model does not";
}

std::optional<std::string> ChainSchedule::clinic_step() {
    auto drawn = source_.for_clinic();
    auto fields = clinic_.chain.draft(clinic_.now, drawn.data);
    Seq seq = clinic_.seq + 1;
    const bool spoilt = spoil(drawn, fields, clinic_.chain.head_seq(), seq);
    bool signature_right = true;
    const auto located = sign(drawn.by, std::move(fields), seq, signature_right);
    if (!located) return std::nullopt;
    if (fault_ == ChainFault::unchecked_signature) signature_right = true;
    const auto fact = fact_of(*located);
    const bool expected = !spoilt && signature_right && model_.allows(fact);
    const auto before = clinic_.chain.head();
    const auto answer = clinic_.try_apply(*located);
    if (auto complaint = judge(*located, expected, answer)) return complaint;
    if (!answer) return differ("a refused statement moved the chain", clinic_.chain.head(), before);
    const bool forget =
        fault_ == ChainFault::forgotten_revocation && std::holds_alternative<Revoke>(fact.data);
    if (!forget) model_.take(fact);
    source_.took(*located);
    return std::nullopt;
}

std::optional<std::string> ChainSchedule::patient_step(Patient& patient) {
    auto& chain = clinic_.patient(patient.id.text());
    auto drawn = source_.for_patient(patient.model, patient.id);
    auto fields = chain.draft(clinic_.chain, clinic_.now, drawn.data);
    Seq seq = clinic_.seq + 1;
    const bool spoilt = spoil(drawn, fields, chain.empty() ? 0 : chain.head_seq(), seq);
    bool signature_right = true;
    const auto located = sign(drawn.by, std::move(fields), seq, signature_right);
    if (!located) return std::nullopt;
    const auto fact = fact_of(*located);
    const bool expected = !spoilt && signature_right && patient.model.allows(fact);
    const auto answer = clinic_.try_apply(patient.id.text(), *located);
    if (auto complaint = judge(*located, expected, answer)) return complaint;
    patient.puts.push_back({*located, answer.has_value()});
    if (!answer) return std::nullopt;
    patient.model.take(fact);
    source_.took(*located);
    return std::nullopt;
}

// ---- The same questions to both ----

std::optional<std::string> ChainSchedule::compare(Seq at) {
    const auto& chain = clinic_.chain;
    const auto when = " as of entry " + std::to_string(at);
    for (const auto& device : source_.devices()) {
        const auto name = " of device " + device.id.hex() + when;
        if (auto out = differ("life" + name, chain.live(device.id, at), model_.live(device.id, at)))
            return out;
        const auto may = chain.capabilities(device.id, at);
        if (auto out = differ("capabilities" + name, may, model_.may(device.id, at))) return out;
    }
    for (const auto& account : source_.accounts()) {
        const auto may = chain.capabilities(account, at);
        if (auto out = differ(account.text() + when, may, model_.may(account, at))) return out;
    }
    for (const auto& team : source_.teams()) {
        if (auto complaint = compare(team, at)) return complaint;
    }
    for (const auto& patient : patients_) {
        if (auto complaint = compare(patient, at)) return complaint;
    }
    return differ("two people", chain.two_people(), model_.two_people());
}

std::optional<std::string> ChainSchedule::compare(const TeamName& team, Seq at) {
    const auto* record = clinic_.chain.team(team);
    const auto name = "team " + team.text() + " as of entry " + std::to_string(at);
    if (record == nullptr) return differ(name, true, model_.team(team) == nullptr);
    const auto in = model_.members(team, at);
    const std::vector<DeviceId> members{in.begin(), in.end()};
    if (auto out = differ(name + ": members", record->members_at(at), members)) return out;
    const auto epoch = model_.epoch(team, at);
    if (auto out = differ(name + ": epoch", record->epochs.state(at), state_of(epoch))) return out;
    const auto next = model_.next_epoch_devices(team);
    return differ(
        name + ": devices of the next epoch",
        clinic_.chain.next_epoch_devices(team),
        std::vector<DeviceId>{next.begin(), next.end()}
    );
}

std::optional<std::string> ChainSchedule::compare(const Patient& patient, Seq at) {
    const auto& chain = clinic_.patient(patient.id.text());
    if (chain.empty()) return std::nullopt;
    const auto name = "patient " + patient.id.text() + " as of entry " + std::to_string(at);
    const auto& model = patient.model;
    const auto state = chain.epochs().state(at);
    if (auto out = differ(name + ": epoch", state, state_of(model.epoch(at)))) return out;
    for (const auto audience : {Audience::all, Audience::internal}) {
        std::vector<std::string> slots;
        for (const auto& slot : expected_slots(clinic_.chain, chain, audience, at)) {
            slots.push_back(slot.to);
        }
        slots.pop_back();  // The vault.
        if (auto out = differ(name + ": slots", slots, model.readers(audience, at))) return out;
    }
    for (const auto& device : source_.devices()) {
        const auto who = name + ", device " + device.id.hex();
        for (const auto audience : {Audience::all, Audience::internal}) {
            const bool reads = may_read(clinic_.chain, chain, device.id, audience, at);
            if (auto out = differ(who + ": reads", reads, model.may_read(device.id, audience, at)))
                return out;
        }
        for (const auto each : {MessageClass::clinical, MessageClass::internal}) {
            const bool writes = may_write(clinic_.chain, chain, device.id, each, at).has_value();
            if (auto out = differ(who + ": writes", writes, model.may_write(device.id, each, at)))
                return out;
        }
    }
    return std::nullopt;
}

std::optional<std::string> ChainSchedule::compare_invites() {
    for (const auto& fact : model_.facts()) {
        if (!std::holds_alternative<Invite>(fact.data)) continue;
        const auto* invite = clinic_.chain.invite(fact.hash);
        if (invite == nullptr) return "an invite that stands is not known";
        const bool open = clinic_.chain.state(*invite, clinic_.now) == InviteState::open;
        const auto expected = model_.invite_is_open(fact, clinic_.now);
        if (auto out = differ("invite of entry " + std::to_string(fact.seq), open, expected))
            return out;
    }
    return std::nullopt;
}

// ---- Others who hear of it ----

std::optional<std::string> ChainSchedule::follow() {
    std::vector<const LocatedStatement*> sent;
    for (const auto& located : clinic_.journal) {
        if (located.statement.chain().is_clinic()) sent.push_back(&located);
    }
    ClinicChain follower{clinic_.id};
    while (follower.size() < sent.size()) {
        const bool right = follower.size() == 0 || dice_.chance(70);
        const auto at = right ? follower.size() : dice_.below(sent.size());
        const auto size = follower.size();
        const auto answer = follower.apply(*sent[at]);
        if (auto out = differ("what a follower takes", answer.has_value(), at == size)) return out;
        if (!answer && answer.error().code != Code::chain_moved) {
            return "a statement out of its order is refused for another reason";
        }
    }
    return differ("what a follower knows", follower.head(), clinic_.chain.head());
}

std::optional<std::string> ChainSchedule::verify_late() {
    for (const auto& patient : patients_) {
        PatientChain late{patient.id};
        for (const auto& put : patient.puts) {
            const auto answer = late.apply(put.located, clinic_.chain);
            if (auto out = differ(
                    "a statement " + std::string{put.located.statement.type()} + " of entry " +
                        std::to_string(put.located.seq) + ", verified later",
                    answer.has_value(),
                    put.accepted
                ))
                return out;
        }
    }
    return std::nullopt;
}

}  // namespace wardline::model
