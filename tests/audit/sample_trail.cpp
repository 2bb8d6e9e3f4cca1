#include "tests/audit/sample_trail.hpp"

#include "protocol/crypto/crypto.hpp"
#include "tests/support/seeded_random.hpp"

#include <array>
#include <utility>

namespace wardline::testing {
namespace {

using audit::EntryKind;
using audit::FieldType;
using cbor::Json;

// What a spreadsheet, a shell, XML or a log would take for something else.
constexpr std::array kHostile{
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A2)",
    "\tx",
    "\rx",
    "a\nb",
    "a\"b,c",
    "<x a='1'>&amp;]]>",
    "\x01\x1f\x7f",
    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
    " ",
};

template <class Fixed>
Fixed some(std::string_view what, std::uint64_t number) {
    Bytes input;
    append_u64(input, number);
    const auto hash = crypto::hash(what, input);
    return Fixed::from(hash.view().first(Fixed::kSize)).value();
}

std::string text_for(EntryKind kind, std::string_view key, std::uint64_t number) {
    const auto words = audit::words_of(kind, key);
    if (!words.empty()) return std::string{words[number % words.size()]};
    static constexpr std::array kStaff{"s:maria", "s:jan", "s:dr.okafor"};
    static constexpr std::array kPatients{"4711", "P-2026.0815", "a_b"};
    static constexpr std::array kClasses{"appointment", "clinical", "photo", "internal"};
    const auto patient = std::string{kPatients[number % kPatients.size()]};
    if (key == "actor") return number % 4 == 0 ? "p:" + patient : kStaff[number % kStaff.size()];
    if (key == "subject") return kStaff[number % kStaff.size()];
    if (key == "patient") return patient;
    if (key == "class") return kClasses[number % kClasses.size()];
    if (key == "audience") return number % 2 == 0 ? "all" : "internal";
    if (key == "chain") return number % 3 == 0 ? "clinic" : "patient/" + patient;
    if (key == "code") return number % 2 == 0 ? "forbidden" : "not_open";
    if (key == "type") return "grant";
    if (key == "version") return "0.1.0";
    return "history";
}

Json value_for(EntryKind kind, const audit::Field& field, std::uint64_t number) {
    switch (field.type) {
        case FieldType::text:
            return text_for(kind, field.key, number);
        case FieldType::texts:
            return Json::array({"listen", "rate \"limit\""});
        case FieldType::number:
            return field.key == "from" ? 1 : number;
        case FieldType::numbers:
            return Json::array({1, 24, number, 70'000, 5'000'000'000});
        case FieldType::time:
            return 1'795'300'440'000;
        case FieldType::id:
            return cbor::binary(some<DeviceId>(field.key, number % 5).view());
        case FieldType::hash:
            return cbor::binary(some<Hash>(field.key, number).view());
    }
    return {};
}

}  // namespace

Json full_details(const audit::KindInfo& info, std::uint64_t number) {
    auto map = Json::object();
    for (const auto& field : info.fields) {
        map[std::string{field.key}] = value_for(info.kind, field, number);
    }
    return map;
}

SampleClinic::SampleClinic(const std::string& seed) : clinic_{some<ClinicId>(seed, 0)} {
    SeededRandom random{seed};
    key_ = crypto::random_secret<SigningSecret>(random);
}

SigningKey SampleClinic::audit_key() const {
    return crypto::signing_key_of(key_);
}

TrailEntry SampleClinic::append(EntryKind kind, const std::optional<Json>& details) {
    TrailEntry out;
    out.seq = tree_.size() + 1;
    now_.ms += out.seq % 7 * 131;
    out.time = now_;
    out.kind = kind;
    out.salt = some<audit::Salt>("salt", out.seq);
    out.details = cbor::encode(details.value_or(full_details(audit::info_of(kind), out.seq)));
    out.leaf =
        audit::leaf_hash(out.seq, out.time, kind, audit::details_hash(*out.salt, out.details));
    if (kind == EntryKind::login) out.address = "192.0.2." + std::to_string(out.seq % 256);
    tree_.append(out.leaf);
    return out;
}

TrailEntry SampleClinic::append_usual() {
    const auto seq = tree_.size() + 1;
    if (seq % 2 == 0) return append(EntryKind::message);
    if (seq % 3 == 0) return append(EntryKind::receipts);
    const auto kind = static_cast<EntryKind>(seq / 2 % wire::kEntryKinds + 1);
    return append(kind == EntryKind::erasure ? EntryKind::login : kind);
}

SignedHead SampleClinic::head() const {
    audit::TreeHead head;
    head.clinic = clinic_;
    head.size = tree_.size();
    head.root = tree_.root();
    head.time = now_;
    return audit::sign_head(head, key_);
}

audit::Witness SampleClinic::witness() const {
    return {clinic_, audit_key(), head()};
}

TrailEntry without_details(const TrailEntry& entry) {
    auto out = entry;
    out.erased = audit::details_hash(*entry.salt, entry.details);
    out.salt.reset();
    out.details.clear();
    return out;
}

SampleTrail sample_trail(const SampleOptions& options) {
    SampleClinic clinic{options.seed};
    SampleTrail out;
    out.header.clinic = clinic.clinic();
    out.header.audit_key = clinic.audit_key();
    out.header.from = options.from;
    out.header.to = options.entries;
    std::uint64_t until_head = 1;
    for (Seq seq = 1; seq <= options.entries; ++seq) {
        if (seq == options.from) out.header.before = clinic.tree().hashes();
        TrailEntry entry;
        if (options.erased && seq == 45) {
            entry = clinic.append(
                EntryKind::erasure,
                Json{{"act", "retention"}, {"count", 20}, {"from", 1}, {"to", 20}}
            );
        } else if (options.erased && seq == 47) {
            const auto hash = cbor::binary(Hash{}.view());
            entry = clinic.append(
                EntryKind::erasure,
                Json{{"act", "decision"}, {"count", 7}, {"from", 21}, {"to", 40}, {"hash", hash}}
            );
        } else {
            entry = clinic.append_usual();
        }
        const bool erased = options.erased && (seq <= 20 || (seq <= 40 && seq % 3 == 0));
        if (seq >= options.from) out.items.emplace_back(erased ? without_details(entry) : entry);
        if (--until_head > 0 && seq != options.entries) continue;
        until_head = seq % 9 + 1;
        if (seq >= options.from) out.items.emplace_back(clinic.head());
    }
    out.witness = clinic.witness();
    return out;
}

SampleTrail every_kind_trail() {
    SampleClinic clinic;
    SampleTrail out;
    const auto add = [&](const TrailEntry& entry) { out.items.emplace_back(entry); };
    for (const auto& info : audit::registry()) {
        add(clinic.append(info.kind));
        auto least = full_details(info, 2);
        for (const auto& field : info.fields) {
            if (!field.always) least.erase(std::string{field.key});
            for (const auto word : audit::words_of(info.kind, field.key)) {
                auto details = full_details(info, 3);
                details[std::string{field.key}] = word;
                add(clinic.append(info.kind, details));
            }
        }
        add(clinic.append(info.kind, least));
        add(without_details(clinic.append(info.kind)));
    }
    for (const auto* text : kHostile) {
        auto details = full_details(audit::info_of(EntryKind::refusal), 4);
        for (const auto* key : {"act", "actor", "code", "patient"}) details[key] = text;
        add(clinic.append(EntryKind::refusal, details));
    }
    add(clinic.append(EntryKind::login, Json{{"note", "of no registered form"}}));
    auto later = clinic.append(EntryKind::login);
    later.kind = static_cast<EntryKind>(99);
    add(later);
    out.header.clinic = clinic.clinic();
    out.header.audit_key = clinic.audit_key();
    out.header.to = clinic.tree().size();
    out.items.emplace_back(clinic.head());
    out.witness = clinic.witness();
    return out;
}

std::string exported(const SampleTrail& trail, audit::ExportFormat format) {
    const auto exporter = audit::make_exporter(format);
    std::string out;
    exporter->begin(trail.header, out);
    for (const auto& item : trail.items) {
        if (const auto* entry = std::get_if<TrailEntry>(&item)) exporter->entry(*entry, out);
        if (const auto* head = std::get_if<SignedHead>(&item)) exporter->head(*head, out);
    }
    exporter->end(out);
    return out;
}

std::vector<std::string> jsonl_lines(const SampleTrail& trail) {
    std::vector<std::string> out;
    const auto text = exported(trail, audit::ExportFormat::jsonl);
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

}  // namespace wardline::testing
