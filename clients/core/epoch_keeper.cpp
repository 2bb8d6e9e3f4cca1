#include "clients/core/epoch_keeper.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/message/slots.hpp"
#include "protocol/trust/readers.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr std::size_t kPage = 200;

trust::ChainName chain_of(const KeyReader& reader) {
    if (const auto* patient = std::get_if<PatientId>(&reader))
        return trust::ChainName::patient(*patient);
    return trust::ChainName::clinic();
}
std::optional<TeamName> team_of(const KeyReader& reader) {
    const auto* team = std::get_if<TeamName>(&reader);
    return team ? std::optional{*team} : std::nullopt;
}

}  // namespace

bool is_nobodys_loss(const Error& error) {
    switch (error.code) {
        case Code::unreachable:
        case Code::trust_alarm:
        case Code::local_store:
        case Code::not_logged_in:
            return false;
        default:
            return true;
    }
}

std::vector<DeviceId> EpochKeeper::devices_for(const KeyReader& reader) {
    if (const auto* team = std::get_if<TeamName>(&reader))
        return chains_.clinic().next_epoch_devices(*team);
    const auto chain = chains_.known_patient(std::get<PatientId>(reader));
    if (!chain || !chain.value()) return {};
    return chain.value()->next_epoch_devices();
}

Result<bool> EpochKeeper::wants_epoch(const KeyReader& reader) {
    WARDLINE_TRY(const auto* epochs, epochs_.history(reader));
    if (!epochs) return false;
    if (const auto* team = std::get_if<TeamName>(&reader)) {
        if (!chains_.clinic().may_make_epoch(self_.device(), *team)) return false;
    }
    const auto devices = devices_for(reader);
    if (!std::binary_search(devices.begin(), devices.end(), self_.device())) return false;
    const auto* live = epochs->live();
    return live == nullptr || epochs_.found_wrong(live->hash);
}

Result<std::optional<StatementDraft>> EpochKeeper::draft_epoch(
    const KeyReader& reader, const BoxSecret& secret
) {
    const std::optional<StatementDraft> nothing;
    WARDLINE_TRY(const bool wanted, wants_epoch(reader));
    if (!wanted) return nothing;
    WARDLINE_TRY(const auto* epochs, epochs_.history(reader));
    const auto* before = epochs->newest();
    trust::Epoch epoch{
        .team = team_of(reader),
        .number = before ? before->number + 1 : 1,
        .key = crypto::box_key_of(secret),
        .prev = before ? before->hash : Hash{},
        .devices = devices_for(reader),
        .boxes = {}
    };
    std::optional<BoxSecret> previous;
    if (before) {
        auto known = epochs_.secret(reader, before->hash);
        // A phone that replaces a lost one cannot know the key before; everything else is a reason
        // to wait.
        if (!known && known.error().code != Code::undecryptable) return known.error();
        if (known) previous = std::move(known).value();
    }
    trust::EpochReaders readers{
        .devices = {},
        .vault = chains_.clinic().genesis().vault,
        .previous = previous ? &*previous : nullptr
    };
    for (const auto& device : epoch.devices) {
        WARDLINE_TRY(const auto key, epochs_.box_key(reader, device));
        readers.devices.push_back(key);
    }
    const trust::EpochName name{
        .reader = EpochKeys::context_of(reader), .number = epoch.number, .key = epoch.key
    };
    WARDLINE_TRY(const auto boxes, trust::make_epoch_boxes(secret, name, readers));
    epoch.boxes = trust::hash_of_boxes(boxes.boxes);
    StatementDraft draft{.data = epoch};
    draft.extra = Json{{"boxes", trust::boxes_to_json(boxes.boxes)}, {"previous", boxes.previous}};
    return std::optional{std::move(draft)};
}

// True when this device made one.
Result<bool> EpochKeeper::make_epoch(const KeyReader& reader) {
    WARDLINE_TRY(const bool wanted, wants_epoch(reader));
    if (!wanted) return false;
    WARDLINE_TRY(const auto* before_all, epochs_.history(reader));
    const auto* before = before_all->newest();
    const std::optional<Hash> before_hash = before ? std::optional{before->hash} : std::nullopt;
    const Seq void_since = before && before->voided ? *before->voided : 0;
    const auto secret = crypto::random_secret<BoxSecret>(environment_.random);
    WARDLINE_TRY(const auto seq, chains_.submit(chain_of(reader), [&] {
        return draft_epoch(reader, secret);
    }));
    if (!seq) return false;
    WARDLINE_TRY(const auto* epochs, epochs_.history(reader));
    const auto* made = epochs->newest();
    if (!made || made->key != crypto::box_key_of(secret)) return false;
    WARDLINE_TRY(epochs_.keep(made->hash, secret));
    epochs_.forget_failures();
    // Whoever could not carry the key before over adds slots for everything that it can open.
    bool carried = true;
    if (before_hash) {
        WARDLINE_TRY(const auto known, epochs_.known(*before_hash));
        carried = known.has_value();
    }
    const Seq after = carried ? void_since : 0;
    if (before_hash) {
        if (const auto* team = std::get_if<TeamName>(&reader)) {
            WARDLINE_TRY(add_team_slots(*team, after));
        } else {
            WARDLINE_TRY(add_patient_slots(std::get<PatientId>(reader), after));
        }
    }
    return true;
}

Result<void> EpochKeeper::admit(const KeyReader& reader, const DeviceId& device) {
    const auto draft = [&]() -> Result<std::optional<StatementDraft>> {
        WARDLINE_TRY(const auto* epochs, epochs_.history(reader));
        const auto* live = epochs ? epochs->live() : nullptr;
        if (!live)
            return Error{
                Code::conflict, "the team's key is just being replaced: try again in a moment"
            };
        WARDLINE_TRY(const auto secret, epochs_.secret(reader, live->hash));
        WARDLINE_TRY(const auto key, epochs_.box_key(reader, device));
        const trust::EpochName name{
            .reader = EpochKeys::context_of(reader), .number = live->number, .key = live->key
        };
        WARDLINE_TRY(const auto box, trust::make_admit_box(secret, name, key));
        const std::array boxes{box};
        StatementDraft out{
            .data =
                trust::Admit{
                    .team = team_of(reader),
                    .device = device,
                    .epoch = live->hash,
                    .box = trust::hash_of_boxes(boxes)
                }
        };
        out.extra = Json{{"boxes", trust::boxes_to_json(boxes)}};
        return std::optional{std::move(out)};
    };
    WARDLINE_TRY(chains_.submit(chain_of(reader), draft));
    return success();
}

// Further devices that this account invited for itself, and those of people whom it invited to the
// team.
// Whoever was in the team before and was removed is not let in again by an old invite.
Result<void> EpochKeeper::admit_team_candidates(const TeamName& team) {
    const auto& clinic = chains_.clinic();
    const auto* record = clinic.team(team);
    std::vector<DeviceId> wanted;
    for (const auto* device : clinic.live_devices()) {
        if (record->has_member(device->id)) continue;
        const auto was_member = [&](const trust::Membership& member) {
            const auto* other = clinic.device(member.device);
            return other && other->account == device->account && member.until;
        };
        const auto* invite = device->invite ? clinic.invite(*device->invite) : nullptr;
        const auto* issuer = invite && invite->issuer ? clinic.device(*invite->issuer) : nullptr;
        // An administrator can invite a device for any account, and so become nobody's colleague by
        // themselves: whoever did not ask for it looks at its fingerprint first.
        if (!issuer || issuer->account != self_.account) continue;
        const bool own = device->account == self_.account;
        const auto& teams = invite->invite.teams;
        const bool invited =
            std::find(teams.begin(), teams.end(), team) != teams.end() &&
            std::none_of(record->members.begin(), record->members.end(), was_member);
        if (own || invited) wanted.push_back(device->id);
    }
    for (const auto& device : wanted) {
        WARDLINE_TRY(admit(KeyReader{team}, device));
    }
    return success();
}

Result<void> EpochKeeper::keep_team(const trust::TeamRecord& team) {
    const TeamName name = team.name;  // The record moves when the chain grows.
    WARDLINE_TRY(make_epoch(KeyReader{name}));
    const auto* record = chains_.clinic().team(name);
    const auto* live = record->epochs.live();
    if (!live || !record->has_member(self_.device())) return success();
    const Hash hash = live->hash;
    WARDLINE_TRY(epochs_.secret(KeyReader{name}, hash));
    if (epochs_.found_wrong(hash)) {
        WARDLINE_TRY(make_epoch(KeyReader{name}));
    }
    return admit_team_candidates(name);
}

Result<void> EpochKeeper::keep_patient(const PatientId& patient) {
    WARDLINE_TRY(const auto* chain, chains_.known_patient(patient));
    if (!chain || !chain->confirmed(self_.device())) return success();
    WARDLINE_TRY(make_epoch(KeyReader{patient}));
    WARDLINE_TRY(chain, chains_.known_patient(patient));
    const auto* live = chain->epochs().live();
    if (!live) return success();
    WARDLINE_TRY(epochs_.secret(KeyReader{patient}, live->hash));
    std::vector<DeviceId> wanted;
    for (const auto* device : chain->live_devices()) {
        if (!device->confirmed && !device->invited_by_clinic) wanted.push_back(device->id);
    }
    for (const auto& device : wanted) {
        WARDLINE_TRY(admit(KeyReader{patient}, device));
    }
    return success();
}

Result<void> EpochKeeper::keep() {
    const auto tolerate = [](Result<void> done) -> Result<void> {
        if (done || is_nobodys_loss(done.error())) return success();
        return done;
    };
    epochs_.forget_failures();
    if (self_.is_patient()) return tolerate(keep_patient(self_.account.patient_id()));
    std::vector<TeamName> teams;
    for (const auto& [name, record] : chains_.clinic().teams()) teams.push_back(name);
    for (const auto& name : teams) {
        const auto* record = chains_.clinic().team(name);
        if (!record->has_member(self_.device()) &&
            !chains_.clinic().may_make_epoch(self_.device(), name))
            continue;
        WARDLINE_TRY(tolerate(keep_team(*record)));
    }
    return success();
}

Result<void> EpochKeeper::add_team_slots(const TeamName& team, Seq after) {
    std::vector<PatientId> patients;
    std::string last;
    while (true) {
        WARDLINE_TRY(
            const auto answer, link_.request("threads", Json{{"after", last}, {"limit", kPage}})
        );
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* threads, reader.array("threads", kPage));
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        for (const auto& item : *threads) {
            WARDLINE_TRY(auto map, cbor::MapReader::over(item));
            WARDLINE_TRY(last, map.text("patient", 64));
            WARDLINE_TRY(const auto last_seq, map.uint("last_seq"));
            WARDLINE_TRY(const auto patient, PatientId::parse(last));
            if (last_seq > after) patients.push_back(patient);
        }
        if (!more || threads->empty()) break;
    }
    for (const auto& patient : patients) {
        WARDLINE_TRY(const auto* chain, chains_.update_patient(patient));
        const auto& teams = chain->teams();
        if (std::find(teams.begin(), teams.end(), team) == teams.end()) continue;
        const auto* live = chains_.clinic().team(team)->epochs.live();
        if (!live) return success();
        const std::array to{trust::ExpectedSlot{
            .to = trust::team_reader(team), .epoch = live->hash, .key = live->key
        }};
        WARDLINE_TRY(add_slots(patient, after, to));
    }
    return success();
}

Result<void> EpochKeeper::add_patient_slots(const PatientId& patient, Seq after) {
    WARDLINE_TRY(const auto* chain, chains_.known_patient(patient));
    const auto* live = chain->epochs().live();
    if (!live) return success();
    const std::array to{trust::ExpectedSlot{.to = "patient", .epoch = live->hash, .key = live->key}
    };
    return add_slots(patient, after, to);
}

namespace {

bool same_reader(const message::Slot& slot, const trust::ExpectedSlot& reader) {
    return slot.to == reader.to && slot.epoch == reader.epoch;
}

struct SlotsOf {
    Seq seq{0};
    Bytes header;
    std::vector<message::Slot> slots;  // Added ones behind.
};

Result<SlotsOf> parse_slots_of(const Json& item) {
    WARDLINE_TRY(auto map, cbor::MapReader::over(item));
    SlotsOf out;
    WARDLINE_TRY(out.seq, map.uint("seq"));
    WARDLINE_TRY(out.header, map.bytes("header", message::kHeaderBytesMax));
    WARDLINE_TRY(const auto raw, map.bytes("slots", cbor::kItemBytesMax));
    WARDLINE_TRY(out.slots, message::parse_slots(raw));
    if (!map.has("added")) return out;
    WARDLINE_TRY(const auto* added, map.array("added", message::kSlotsMax));
    for (const auto& slot : *added) {
        WARDLINE_TRY(auto parsed, message::parse_slot(slot));
        out.slots.push_back(std::move(parsed));
    }
    return out;
}

}  // namespace

Result<void> EpochKeeper::add_slots(
    const PatientId& patient, Seq after, std::span<const trust::ExpectedSlot> to
) {
    WARDLINE_TRY(const auto* chain, chains_.patient(patient));
    const ThreadId thread = chain->thread();
    while (true) {
        const Json body{
            {"thread", cbor::binary(thread.view())}, {"after", after}, {"limit", kPage}
        };
        WARDLINE_TRY(const auto answer, link_.request("slots", body));
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* messages, reader.array("messages", kPage));
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        std::vector<message::AddedSlot> added;
        for (const auto& item : *messages) {
            WARDLINE_TRY(const auto one, parse_slots_of(item));
            if (one.seq <= after)
                return Error{
                    Code::bad_frame, "the server shows other messages than were asked for"
                };
            after = one.seq;
            WARDLINE_TRY(const auto header, message::parse_header(one.header));
            // The slot of another thread's message would hand its key to this thread's readers.
            if (header.clinic != self_.clinic || header.patient != patient ||
                header.thread != thread) {
                return Error{
                    Code::trust_alarm,
                    "the server asks this device to hand the key of a message of patient " +
                        header.patient.text() + " to readers of patient " + patient.text()
                };
            }
            const bool internal =
                trust::audience_of(header.message_class) == trust::Audience::internal;
            const Hash header_hash = message::header_hash(one.header);
            std::optional<MessageKey> key;
            for (const auto& target : to) {
                const bool patients =
                    target.to == "patient" || (target.to.starts_with("device:") && !target.epoch);
                if (internal && patients) continue;
                const auto has = [&](const message::Slot& slot) {
                    return same_reader(slot, target);
                };
                if (std::any_of(one.slots.begin(), one.slots.end(), has)) continue;
                if (!key) {
                    auto opened = keys_.open(patient, header_hash, one.slots);
                    if (!opened && opened.error().code != Code::undecryptable)
                        return opened.error();
                    if (!opened) break;
                    key = std::move(opened).value();
                }
                WARDLINE_TRY(auto slot, message::make_slot(*key, header_hash, target));
                added.push_back(message::AddedSlot{.seq = one.seq, .slot = std::move(slot)});
            }
        }
        for (std::size_t at = 0; at < added.size(); at += message::kAddedSlotsMax) {
            const auto part =
                std::span{added}.subspan(at, std::min(message::kAddedSlotsMax, added.size() - at));
            const Json sent{
                {"thread", cbor::binary(thread.view())}, {"added", message::to_json(part)}
            };
            WARDLINE_TRY(link_.request("add-slots", sent));
        }
        if (!more || messages->empty()) return success();
    }
}

}  // namespace wardline::client
