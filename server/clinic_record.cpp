#include "server/clinic_record.hpp"

#include "protocol/trust/invite.hpp"

#include <utility>

namespace wardline::server {

const trust::PatientChain* ClinicRecord::patient(const PatientId& id) const {
    const auto found = patients_.find(id);
    return found == patients_.end() ? nullptr : found->second.get();
}

const trust::PatientChain* ClinicRecord::patient_of(const ThreadId& thread) const {
    const auto found = threads_.find(thread);
    return found == threads_.end() ? nullptr : found->second;
}

std::optional<KnownDevice> ClinicRecord::device(const DeviceId& id) const {
    if (const auto* staff = clinic_.device(id)) return KnownDevice{staff, nullptr};
    const auto found = patient_devices_.find(id);
    if (found == patient_devices_.end()) return std::nullopt;
    return KnownDevice{found->second->device(id), found->second};
}

std::optional<KnownDevice> ClinicRecord::live_device(const DeviceId& id, Seq at) const {
    const auto found = device(id);
    if (!found || !found->record->live_at(at)) return std::nullopt;
    if (found->is_staff() && !clinic_.live(id, at)) return std::nullopt;
    return found;
}

trust::Capabilities ClinicRecord::capabilities(const KnownDevice& device, Seq at) const {
    if (device.is_staff()) return clinic_.capabilities(device.record->id, at);
    if (!device.record->live_at(at)) return {};
    return trust::capabilities_of(trust::Role::patient);
}

bool ClinicRecord::may_read(
    const KnownDevice& device, const trust::PatientChain& thread, trust::Audience audience, Seq at
) const {
    if (!device.is_staff() && device.patient != &thread) return false;
    return trust::may_read(clinic_, thread, device.record->id, audience, at);
}

bool ClinicRecord::may_read(const KnownDevice& device, const ThreadId& thread) const {
    const auto* found = patient_of(thread);
    const auto* looked_at = found;
    if (found == nullptr && !patients_.empty()) looked_at = patients_.begin()->second.get();
    const bool may = looked_at != nullptr && may_read(device, *looked_at, trust::Audience::all);
    return may && found != nullptr;
}

bool ClinicRecord::may_read_chain(
    const KnownDevice& device, const trust::PatientChain& chain, Seq at
) const {
    if (!device.is_staff()) return device.patient == &chain;
    if (capabilities(device, at).has(trust::Capability::enrol_patient)) return true;
    return trust::in_thread_team(clinic_, chain, device.record->id, at);
}

std::optional<ClinicRecord::FoundInvite> ClinicRecord::invite(
    const InviteHandle& handle, Instant now
) const {
    if (const auto* staff = clinic_.invite(handle)) {
        return FoundInvite{
            nullptr, staff->invite, staff->hash, staff->issuer, clinic_.state(*staff, now)
        };
    }
    const auto found = patient_invites_.find(handle);
    if (found == patient_invites_.end()) return std::nullopt;
    const auto* record = found->second->invite(handle);
    if (record == nullptr) return std::nullopt;
    return FoundInvite{
        found->second,
        record->invite,
        record->hash,
        record->issuer,
        trust::PatientChain::state(*record, now)
    };
}

std::optional<ClinicRecord::FoundInvite> ClinicRecord::invite(const Hash& statement, Instant now)
    const {
    return invite(trust::invite_handle(statement), now);
}

std::optional<trust::ChainPosition> ClinicRecord::head(const trust::ChainName& chain) const {
    if (chain.is_clinic()) {
        if (clinic_.empty()) return std::nullopt;
        return clinic_.head();
    }
    const auto* found = patient(*chain.patient());
    if (found == nullptr) return std::nullopt;
    return found->head();
}

std::optional<Hash> ClinicRecord::hash_at(const trust::ChainName& chain, std::uint64_t pos) const {
    if (chain.is_clinic()) return clinic_.hash_at(pos);
    const auto* found = patient(*chain.patient());
    return found == nullptr ? std::nullopt : found->hash_at(pos);
}

Result<void> ClinicRecord::check_new_keys(const trust::LocatedStatement& located) const {
    const auto* grant = std::get_if<trust::Grant>(&located.statement.data());
    if (grant == nullptr) return success();
    const auto& keys = grant->device;
    const bool used = patient_devices_.contains(trust::device_id_of(keys.signing)) ||
                      patient_keys_.contains(keys.identity.bytes()) ||
                      patient_keys_.contains(keys.box.bytes()) ||
                      (!located.statement.chain().is_clinic() && clinic_.knows_keys(keys));
    if (used) return Error{Code::bad_statement, "a key of this device was granted before"};
    return success();
}

Result<void> ClinicRecord::apply(
    const trust::LocatedStatement& located, trust::Signatures signatures
) {
    WARDLINE_TRY(check_new_keys(located));
    if (located.statement.chain().is_clinic()) {
        WARDLINE_TRY(clinic_.apply(located, signatures));
    } else {
        WARDLINE_TRY(apply_to_patient(located, signatures));
    }
    ++version_;
    return success();
}

Result<void> ClinicRecord::apply_to_patient(
    const trust::LocatedStatement& located, trust::Signatures signatures
) {
    const auto& id = *located.statement.chain().patient();
    const auto found = patients_.find(id);
    if (found != patients_.end()) {
        WARDLINE_TRY(found->second->apply(located, clinic_, signatures));
        index(located, *found->second);
        return success();
    }
    const auto* opening = std::get_if<trust::PatientOpen>(&located.statement.data());
    if (opening != nullptr && threads_.contains(opening->thread)) {
        return Error{Code::bad_statement, "the thread belongs to another patient"};
    }
    auto chain = std::make_unique<trust::PatientChain>(id);
    WARDLINE_TRY(chain->apply(located, clinic_, signatures));
    const auto& kept = *patients_.emplace(id, std::move(chain)).first->second;
    threads_.emplace(kept.thread(), &kept);
    return success();
}

void ClinicRecord::index(const trust::LocatedStatement& located, const trust::PatientChain& chain) {
    if (const auto* grant = std::get_if<trust::Grant>(&located.statement.data())) {
        patient_devices_.emplace(trust::device_id_of(grant->device.signing), &chain);
        patient_keys_.insert(grant->device.identity.bytes());
        patient_keys_.insert(grant->device.box.bytes());
    } else if (std::holds_alternative<trust::Invite>(located.statement.data())) {
        patient_invites_.emplace(trust::invite_handle(located.statement.hash()), &chain);
    }
}

}  // namespace wardline::server
