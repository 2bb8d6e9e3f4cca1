#include "tests/model/patient_model.hpp"

#include "protocol/trust/epoch.hpp"
#include "protocol/trust/fingerprint.hpp"
#include "protocol/trust/patient_chain.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::trust;

namespace {

template <class T>
const T* as(const Fact& fact) {
    return std::get_if<T>(&fact.data);
}

}  // namespace

const Fact* PatientModel::granted(const DeviceId& device) const {
    const auto found = std::ranges::find_if(facts_, [&](const Fact& fact) {
        const auto* grant = as<Grant>(fact);
        return grant != nullptr && device_id_of(grant->device.signing) == device;
    });
    return found == facts_.end() ? nullptr : &*found;
}

bool PatientModel::live(const DeviceId& device, Seq at) const {
    const auto* grant = granted(device);
    return grant != nullptr && grant->seq < at &&
           std::ranges::none_of(
               facts_,
               [&](const Fact& fact) {
                   const auto* revoke = as<Revoke>(fact);
                   return revoke != nullptr && revoke->device == device && fact.seq < at;
               }
           );
}

bool PatientModel::confirmed(const DeviceId& device, Seq at) const {
    if (!live(device, at)) return false;
    const auto first =
        std::ranges::find_if(facts_, [](const Fact& fact) { return as<Grant>(fact) != nullptr; });
    if (&*first == granted(device)) return true;
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* admit = as<Admit>(fact);
        const auto* confirm = as<IdentityConfirm>(fact);
        return fact.seq < at && ((admit != nullptr && admit->device == device) ||
                                 (confirm != nullptr && confirm->device == device));
    });
}

std::set<DeviceId> PatientModel::confirmed_devices(Seq at) const {
    std::set<DeviceId> out;
    for (const auto& fact : facts_) {
        const auto* grant = as<Grant>(fact);
        if (grant == nullptr) continue;
        const auto device = device_id_of(grant->device.signing);
        if (confirmed(device, at)) out.insert(device);
    }
    return out;
}

std::size_t PatientModel::live_devices() const {
    return static_cast<std::size_t>(std::ranges::count_if(facts_, [&](const Fact& fact) {
        const auto* grant = as<Grant>(fact);
        return grant != nullptr && live(device_id_of(grant->device.signing));
    }));
}

NewestEpoch PatientModel::epoch(Seq at) const {
    NewestEpoch out;
    for (const auto& fact : facts_) {
        if (fact.seq >= at) break;
        if (as<Epoch>(fact) != nullptr) out = {&fact, true};
        if (as<IdentityConfirm>(fact) != nullptr) out.live = false;
        const auto* revoke = as<Revoke>(fact);
        if (revoke != nullptr && confirmed(revoke->device, fact.seq)) out.live = false;
    }
    return out;
}

std::vector<TeamName> PatientModel::teams(Seq at) const {
    if (facts_.empty() || facts_.front().seq >= at) return {};
    return as<PatientOpen>(facts_.front())->teams;
}

bool PatientModel::staff_member(const DeviceId& device, Seq at) const {
    return std::ranges::any_of(teams(at), [&](const TeamName& team) {
        return clinic_.members(team, at).contains(device);
    });
}

bool PatientModel::may_read(const DeviceId& device, Audience audience, Seq at) const {
    return staff_member(device, at) || (audience == Audience::all && confirmed(device, at));
}

bool PatientModel::may_write(const DeviceId& device, MessageClass message_class, Seq at) const {
    if (confirmed(device, at)) return message_class != MessageClass::internal;
    return staff_member(device, at) && clinic_.may(device, at).has(Capability::message) &&
           (message_class == MessageClass::internal || !confirmed_devices(at).empty());
}

std::vector<std::string> PatientModel::readers(Audience audience, Seq at) const {
    std::vector<std::string> out;
    const auto add = [&](const std::string& reader, bool by_epoch, const auto& devices) {
        if (by_epoch) return out.push_back(reader);
        for (const auto& device : devices) {
            const auto name = device_reader(device);
            if (std::ranges::find(out, name) == out.end()) out.push_back(name);
        }
    };
    for (const auto& team : teams(at)) {
        add(team_reader(team), clinic_.epoch(team, at).live, clinic_.members(team, at));
    }
    if (audience == Audience::all) add("patient", epoch(at).live, confirmed_devices(at));
    return out;
}

// ---- What may come next ----

bool PatientModel::staff_may(const Fact& next, Capability capability) const {
    return clinic_.may(device_id_of(next.by), next.seq).has(capability);
}

bool PatientModel::by_confirmed(const Fact& next) const {
    return confirmed(device_id_of(next.by), next.seq);
}

bool PatientModel::waits(const DeviceId& device) const {
    return live(device) && !confirmed(device);
}

bool PatientModel::invited_by_clinic(const DeviceId& device) const {
    const auto& hash = as<Grant>(*granted(device))->invite;
    const auto invite = std::ranges::find(facts_, *hash, &Fact::hash);
    return granted(device_id_of(invite->by)) == nullptr;
}

bool PatientModel::allows_open(const Fact& next, const PatientOpen& open) const {
    return facts_.empty() && open.patient == patient_ && !open.thread.is_zero() &&
           staff_may(next, Capability::enrol_patient) &&
           std::ranges::all_of(open.teams, [&](const TeamName& team) {
               return clinic_.epoch(team, next.seq).fact != nullptr &&
                      !clinic_.members(team, next.seq).empty();
           });
}

bool PatientModel::allows_invite(const Fact& next, const Invite& invite) const {
    if (!by_confirmed(next) && !staff_may(next, Capability::enrol_patient)) return false;
    const bool used = std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* other = as<Invite>(fact);
        const auto* grant = as<Grant>(fact);
        return (other != nullptr && other->key == invite.key) ||
               (grant != nullptr && grant->device.signing == invite.key);
    });
    return !used && !clinic_.knows_key(invite.key, next.seq) && lives_right(next) &&
           invite.account == Account::patient(patient_) && live_devices() < kPatientDevicesMax;
}

bool PatientModel::allows_grant(const Fact& next, const Grant& grant) const {
    if (!grant.invite || grant.role != Role::patient) return false;
    const auto found = std::ranges::find(facts_, *grant.invite, &Fact::hash);
    const auto* invite = found == facts_.end() ? nullptr : as<Invite>(*found);
    if (invite == nullptr || invite->key != next.by || invite->expires <= next.time) return false;
    const bool used = std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* sent = as<Invite>(fact);
        if (sent != nullptr) return sent->key == grant.device.signing;
        const auto* other = as<Grant>(fact);
        return other != nullptr &&
               (other->invite == grant.invite || other->device.signing == grant.device.signing ||
                other->device.identity == grant.device.identity ||
                other->device.box == grant.device.box);
    });
    return !used && grant.account == invite->account && live_devices() < kPatientDevicesMax &&
           !clinic_.knows_keys(grant.device, next.seq);
}

bool PatientModel::allows_epoch(const Fact& next, const Epoch& made) const {
    const auto before = epoch();
    const auto* last = before.fact == nullptr ? nullptr : as<Epoch>(*before.fact);
    const bool follows = last == nullptr
                             ? made.number == 1 && made.prev.is_zero()
                             : made.number == last->number + 1 && made.prev == before.fact->hash;
    const bool key_used = std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* each = as<Epoch>(fact);
        return each != nullptr && each->key == made.key;
    });
    return by_confirmed(next) && follows && !key_used &&
           std::ranges::equal(made.devices, confirmed_devices());
}

bool PatientModel::allows_confirm(const Fact& next, const IdentityConfirm& confirm) const {
    if (!staff_member(device_id_of(next.by), next.seq) || !waits(confirm.device)) return false;
    const auto& keys = as<Grant>(*granted(confirm.device))->device;
    return invited_by_clinic(confirm.device) && confirm.fingerprint == device_fingerprint(keys);
}

bool PatientModel::allows(const Fact& next) const {
    if (const auto* open = as<PatientOpen>(next)) return allows_open(next, *open);
    if (facts_.empty()) return false;
    if (const auto* invite = as<Invite>(next)) return allows_invite(next, *invite);
    if (const auto* grant = as<Grant>(next)) return allows_grant(next, *grant);
    if (const auto* made = as<Epoch>(next)) return allows_epoch(next, *made);
    if (const auto* confirm = as<IdentityConfirm>(next)) return allows_confirm(next, *confirm);
    if (const auto* admit = as<Admit>(next)) {
        const auto now = epoch();
        return by_confirmed(next) && waits(admit->device) && now.live &&
               now.fact->hash == admit->epoch;
    }
    if (const auto* revoke = as<Revoke>(next)) {
        const auto by = device_id_of(next.by);
        return live(revoke->device) && (by_confirmed(next) || (live(by) && by == revoke->device) ||
                                        staff_may(next, Capability::enrol_patient) ||
                                        staff_may(next, Capability::manage_devices));
    }
    return false;
}

}  // namespace wardline::model
