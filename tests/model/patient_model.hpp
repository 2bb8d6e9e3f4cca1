#pragma once

#include "tests/model/clinic_model.hpp"

#include <set>
#include <vector>

// Who reads and writes in one patient's thread, told once more: docs/protocol.md section 5, over
// the list of statements that stand in the patient's chain. Beside ClinicModel, which outlives it.
namespace wardline::model {

class PatientModel {
public:
    PatientModel(const ClinicModel& clinic, PatientId patient)
        : clinic_{clinic}, patient_{std::move(patient)} {}

    bool allows(const Fact& next) const;
    void take(Fact fact) { facts_.push_back(std::move(fact)); }
    const std::vector<Fact>& facts() const { return facts_; }

    bool live(const DeviceId& device, Seq at = trust::kNow) const;
    bool confirmed(const DeviceId& device, Seq at = trust::kNow) const;
    std::set<DeviceId> confirmed_devices(Seq at = trust::kNow) const;
    NewestEpoch epoch(Seq at = trust::kNow) const;
    // Teams on the thread.
    std::vector<TeamName> teams(Seq at = trust::kNow) const;
    bool staff_member(const DeviceId& device, Seq at = trust::kNow) const;
    bool may_read(const DeviceId& device, trust::Audience audience, Seq at) const;
    bool may_write(const DeviceId& device, trust::MessageClass message_class, Seq at) const;
    // The readers of a message, as its slots name them; in order, the vault left out.
    std::vector<std::string> readers(trust::Audience audience, Seq at) const;

private:
    bool allows_open(const Fact& next, const trust::PatientOpen& open) const;
    bool allows_invite(const Fact& next, const trust::Invite& invite) const;
    bool allows_grant(const Fact& next, const trust::Grant& grant) const;
    bool allows_epoch(const Fact& next, const trust::Epoch& epoch) const;
    bool allows_confirm(const Fact& next, const trust::IdentityConfirm& confirm) const;
    bool staff_may(const Fact& next, trust::Capability capability) const;
    bool by_confirmed(const Fact& next) const;
    std::size_t live_devices() const;
    const Fact* granted(const DeviceId& device) const;
    // Live, and not confirmed yet.
    bool waits(const DeviceId& device) const;
    bool invited_by_clinic(const DeviceId& device) const;

    const ClinicModel& clinic_;
    PatientId patient_;
    std::vector<Fact> facts_;
};

}  // namespace wardline::model
