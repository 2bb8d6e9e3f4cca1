#include "protocol/trust/patient_chain.hpp"

#include "protocol/trust/invite.hpp"
#include "protocol/trust/patient_rules.hpp"

#include <algorithm>

namespace wardline::trust {

// ---- Applying ----

Result<void> PatientChain::check(
    const LocatedStatement& located, const ClinicChain& clinic, Signatures signatures
) const {
    return PatientRules{*this, clinic, located, signatures}.check();
}

Result<void> PatientChain::apply(
    const LocatedStatement& located, const ClinicChain& clinic, Signatures signatures
) {
    WARDLINE_TRY(check(located, clinic, signatures));
    commit(located, clinic);
    return success();
}

void PatientChain::commit(const LocatedStatement& located, const ClinicChain& clinic) {
    const auto& statement = located.statement;
    const auto& data = statement.data();
    if (const auto* open = std::get_if<PatientOpen>(&data)) {
        thread_ = open->thread;
        teams_ = open->teams;
    } else if (const auto* sent = std::get_if<Invite>(&data)) {
        const auto* own = device(statement.by());
        const auto& issuer = own != nullptr ? own->id : clinic.device(statement.by())->id;
        invites_.push_back(
            {statement.hash(),
             located.seq,
             located.time,
             *sent,
             issuer,
             own == nullptr,
             std::nullopt,
             std::nullopt}
        );
    } else if (const auto* granted = std::get_if<Grant>(&data)) {
        grant(located, *granted);
    } else if (const auto* epoch = std::get_if<Epoch>(&data)) {
        epochs_.add(*epoch, statement.hash(), located.seq);
    } else if (const auto* admit = std::get_if<Admit>(&data)) {
        find_device(admit->device)->confirmed = located.seq;
        epochs_.admit(*admit, statement.hash(), located.seq);
    } else if (const auto* confirm = std::get_if<IdentityConfirm>(&data)) {
        find_device(confirm->device)->confirmed = located.seq;
        epochs_.void_newest(located.seq);
    } else if (const auto* revoke = std::get_if<Revoke>(&data)) {
        auto* gone = find_device(revoke->device);
        gone->revoked = located.seq;
        if (gone->confirmed) epochs_.void_newest(located.seq);
    }
    append(statement.hash(), located.seq);
}

void PatientChain::grant(const LocatedStatement& located, const Grant& grant) {
    const auto found = std::find_if(invites_.begin(), invites_.end(), [&grant](const auto& each) {
        return each.hash == *grant.invite;
    });
    const auto id = device_id_of(grant.device.signing);
    PatientDevice record{
        DeviceRecord{
            id,
            grant.device,
            grant.account,
            located.seq,
            located.time,
            located.statement.hash(),
            grant.invite,
            std::nullopt
        },
        found->by_clinic,
        std::nullopt
    };
    if (devices_.empty()) record.confirmed = located.seq;
    devices_.push_back(std::move(record));
    found->used = located.seq;
    found->device = id;
}

// ---- Places ----

StatementFields PatientChain::draft(const ClinicChain& clinic, Instant time, StatementData data)
    const {
    return {
        clinic.clinic(),
        name(),
        size(),
        predecessor(),
        clinic.head(),
        time,
        SigningKey{},
        std::move(data)
    };
}

// ---- Queries ----

const std::vector<TeamName>& PatientChain::teams(Seq at) const noexcept {
    static const std::vector<TeamName> kNone;
    return empty() || *seq_at(0) >= at ? kNone : teams_;
}

PatientDevice* PatientChain::find_device(const DeviceId& id) noexcept {
    const auto found = std::find_if(devices_.begin(), devices_.end(), [&id](const auto& each) {
        return each.id == id;
    });
    return found == devices_.end() ? nullptr : &*found;
}

const PatientDevice* PatientChain::device(const DeviceId& id) const noexcept {
    const auto found = std::find_if(devices_.begin(), devices_.end(), [&id](const auto& each) {
        return each.id == id;
    });
    return found == devices_.end() ? nullptr : &*found;
}

const PatientDevice* PatientChain::device(const SigningKey& key) const noexcept {
    const auto found = std::find_if(devices_.begin(), devices_.end(), [&key](const auto& each) {
        return each.keys.signing == key;
    });
    return found == devices_.end() ? nullptr : &*found;
}

bool PatientChain::live(const DeviceId& id, Seq at) const noexcept {
    const auto* record = device(id);
    return record != nullptr && record->live_at(at);
}

bool PatientChain::confirmed(const DeviceId& id, Seq at) const noexcept {
    const auto* record = device(id);
    return record != nullptr && record->confirmed_at(at);
}

namespace {

template <class Wanted>
std::vector<const PatientDevice*> sorted_devices(
    const std::vector<PatientDevice>& devices, Wanted&& wanted
) {
    std::vector<const PatientDevice*> out;
    for (const auto& device : devices) {
        if (wanted(device)) out.push_back(&device);
    }
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
    return out;
}

}  // namespace

std::vector<const PatientDevice*> PatientChain::live_devices(Seq at) const {
    return sorted_devices(devices_, [at](const auto& each) { return each.live_at(at); });
}

std::vector<const PatientDevice*> PatientChain::confirmed_devices(Seq at) const {
    return sorted_devices(devices_, [at](const auto& each) { return each.confirmed_at(at); });
}

std::vector<DeviceId> PatientChain::next_epoch_devices() const {
    std::vector<DeviceId> out;
    for (const auto* each : confirmed_devices()) out.push_back(each->id);
    return out;
}

const PatientInvite* PatientChain::invite(const Hash& statement) const noexcept {
    const auto found =
        std::find_if(invites_.begin(), invites_.end(), [&statement](const auto& each) {
            return each.hash == statement;
        });
    return found == invites_.end() ? nullptr : &*found;
}

const PatientInvite* PatientChain::invite(const InviteHandle& handle) const noexcept {
    const auto found = std::find_if(invites_.begin(), invites_.end(), [&handle](const auto& each) {
        return invite_handle(each.hash) == handle;
    });
    return found == invites_.end() ? nullptr : &*found;
}

InviteState PatientChain::state(const PatientInvite& invite, Instant now) noexcept {
    if (invite.used) return InviteState::used;
    return invite.invite.expires <= now ? InviteState::expired : InviteState::open;
}

}  // namespace wardline::trust
