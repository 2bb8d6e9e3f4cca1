#include "protocol/trust/patient_rules.hpp"

#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/clinic_rules.hpp"
#include "protocol/trust/fingerprint.hpp"

#include <algorithm>

namespace wardline::trust {
namespace {

Error against_rules(const char* why) {
    return Error{Code::bad_statement, why};
}
Error forbidden(const char* why) {
    return Error{Code::forbidden, why};
}

}  // namespace

PatientRules::PatientRules(
    const PatientChain& chain,
    const ClinicChain& clinic,
    const LocatedStatement& located,
    Signatures signatures
)
    : chain_{chain},
      clinic_{clinic},
      located_{located},
      statement_{located.statement},
      verify_{signatures == Signatures::verify} {
    staff_ = clinic_.device(statement_.by());
    if (staff_ != nullptr && !staff_->live_at(located_.seq)) staff_ = nullptr;
    own_ = chain_.device(statement_.by());
    if (own_ != nullptr && !own_->live_at(located_.seq)) own_ = nullptr;
}

Result<void> PatientRules::check() {
    WARDLINE_TRY(check_place());
    if (verify_ && !statement_.verify_signature()) {
        return Error{Code::bad_signature, "the statement's signature is wrong"};
    }
    return std::visit(*this, statement_.data());
}

Result<void> PatientRules::check_place() const {
    if (statement_.chain() != chain_.name()) return against_rules("a statement of another chain");
    if (clinic_.empty() || statement_.clinic() != clinic_.clinic()) {
        return against_rules("a statement of another clinic");
    }
    if (chain_.empty()) {
        if (statement_.pos() != 0 || !statement_.prev().is_zero()) {
            return against_rules("the chain has to begin with the opening of the record");
        }
    } else {
        const auto head = chain_.head();
        if (statement_.pos() != head.pos + 1 || statement_.prev() != head.hash) {
            return chain_moved(head);
        }
        if (located_.seq <= chain_.head_seq()) {
            return against_rules("an entry that does not come after the one before it");
        }
    }
    // parse() lets no statement of a patient's chain pass without a head.
    if (!clinic_.contains(*statement_.fields().head, located_.seq)) {
        return against_rules("the author knew a clinic chain that is not this one");
    }
    return success();
}

bool PatientRules::staff_may(Capability capability) const {
    return staff_ != nullptr && clinic_.capabilities(staff_->account, located_.seq).has(capability);
}

Result<void> PatientRules::check_confirmed_signer() const {
    if (own_ == nullptr || !own_->confirmed_at(located_.seq)) {
        return forbidden("the signer is no confirmed device of the patient");
    }
    return success();
}

Result<const PatientDevice*> PatientRules::waiting_device(const DeviceId& id) const {
    const auto* device = chain_.device(id);
    if (device == nullptr || !device->live_at(located_.seq)) {
        return against_rules("there is no such live device");
    }
    if (device->confirmed) return against_rules("the device is confirmed already");
    return device;
}

Result<void> PatientRules::operator()(const PatientOpen& open) const {
    if (!chain_.empty()) return against_rules("the record was opened before");
    if (open.patient != chain_.patient()) return against_rules("the record of another patient");
    if (!staff_may(Capability::enrol_patient)) return forbidden("the signer may not do this");
    if (open.thread.is_zero()) return against_rules("a thread without an id");
    for (const auto& name : open.teams) {
        const auto* team = clinic_.team(name);
        if (team == nullptr || team->epochs.state(located_.seq) == EpochState::none ||
            team->members_at(located_.seq).empty()) {
            return against_rules("a team that does not exist or has no device that could read");
        }
    }
    return success();
}

Result<void> PatientRules::operator()(const Invite& invite) const {
    if (chain_.empty()) return against_rules("the record is not open yet");
    const bool by_patient = own_ != nullptr && own_->confirmed_at(located_.seq);
    if (!by_patient && !staff_may(Capability::enrol_patient)) {
        return forbidden("the signer may not invite the patient");
    }
    if (invite.account != chain_.account()) return against_rules("an invite for somebody else");
    WARDLINE_TRY(check_invite_expiry(invite, located_));
    if (chain_.live_devices(located_.seq).size() >= kPatientDevicesMax) {
        return Error{Code::too_large, "the patient has as many devices as there can be"};
    }
    const auto& invites = chain_.invites();
    const bool used_here = std::any_of(invites.begin(), invites.end(), [&](const auto& each) {
        return each.invite.key == invite.key;
    });
    if (used_here || chain_.device(invite.key) != nullptr ||
        clinic_.knows_key(invite.key, located_.seq)) {
        return against_rules("a key that was used before");
    }
    return success();
}

Result<void> PatientRules::operator()(const Grant& grant) const {
    if (chain_.empty()) return against_rules("the record is not open yet");
    const auto* invite = grant.invite ? chain_.invite(*grant.invite) : nullptr;
    if (invite == nullptr) return Error{Code::invite_unknown, "there is no such invite"};
    if (invite->invite.key != statement_.by()) {
        return forbidden("the grant is not signed by its invite's key");
    }
    WARDLINE_TRY(check_invite_open(PatientChain::state(*invite, located_.time)));
    if (grant.account != chain_.account() || grant.role != Role::patient) {
        return against_rules("the invite is for another account or role");
    }
    if (chain_.live_devices(located_.seq).size() >= kPatientDevicesMax) {
        return Error{Code::too_large, "the patient has as many devices as there can be"};
    }
    if (!verify_) return success();
    WARDLINE_TRY(check_grant_keys(grant, statement_));
    const auto& keys = grant.device;
    const auto& devices = chain_.devices();
    const auto& invites = chain_.invites();
    const bool used_here = std::any_of(
                               devices.begin(),
                               devices.end(),
                               [&keys](const auto& each) {
                                   return each.keys.signing == keys.signing ||
                                          each.keys.identity == keys.identity ||
                                          each.keys.box == keys.box;
                               }
                           ) ||
                           std::any_of(invites.begin(), invites.end(), [&keys](const auto& each) {
                               return each.invite.key == keys.signing;
                           });
    if (used_here || clinic_.knows_keys(keys, located_.seq)) {
        return against_rules("a key that was used before");
    }
    return success();
}

Result<void> PatientRules::operator()(const Epoch& epoch) const {
    WARDLINE_TRY(check_confirmed_signer());
    if (verify_ && !crypto::is_usable(epoch.key)) {
        return against_rules("the epoch's key is not usable");
    }
    return chain_.epochs().check_next(epoch, chain_.next_epoch_devices());
}

Result<void> PatientRules::operator()(const Admit& admit) const {
    WARDLINE_TRY(check_confirmed_signer());
    WARDLINE_TRY(waiting_device(admit.device));
    const auto* epoch = chain_.epochs().live(located_.seq);
    if (epoch == nullptr || epoch->hash != admit.epoch) {
        return against_rules("not the patient's live epoch");
    }
    return success();
}

Result<void> PatientRules::operator()(const IdentityConfirm& confirm) const {
    if (chain_.empty()) return against_rules("the record is not open yet");
    const auto& teams = chain_.teams(located_.seq);
    const bool member =
        staff_ != nullptr && std::any_of(teams.begin(), teams.end(), [this](const auto& team) {
            return clinic_.in_team(staff_->id, team, located_.seq);
        });
    if (!member) return forbidden("only a member of a team on the thread confirms who somebody is");
    WARDLINE_TRY(const auto device, waiting_device(confirm.device));
    if (!device->invited_by_clinic) {
        return against_rules("a device that the patient invited is confirmed by the patient");
    }
    if (confirm.fingerprint != device_fingerprint(device->keys)) {
        return against_rules("the fingerprint is another device's");
    }
    return success();
}

Result<void> PatientRules::operator()(const Revoke& revoke) const {
    const auto* device = chain_.device(revoke.device);
    if (device == nullptr || !device->live_at(located_.seq)) {
        return against_rules("there is no such live device");
    }
    // A device that is not confirmed may end itself, but nobody who was.
    const bool by_patient =
        own_ != nullptr && (own_->confirmed_at(located_.seq) || own_->id == device->id);
    if (by_patient || staff_may(Capability::enrol_patient) ||
        staff_may(Capability::manage_devices)) {
        return success();
    }
    return forbidden("the signer may not do this");
}

}  // namespace wardline::trust
