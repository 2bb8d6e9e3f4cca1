#pragma once

#include "clients/core/chains.hpp"
#include "clients/core/epoch_keys.hpp"
#include "clients/core/message_keys.hpp"

namespace wardline::client {

// The chores of a member device, so that nobody has to do them by hand: makes the next epoch of its
// readers when there is none or it is void, admits the devices that it has agreed to, and adds
// slots for what was written in between.
class EpochKeeper {
public:
    EpochKeeper(
        const Environment& environment,
        Link& link,
        Chains& chains,
        EpochKeys& epochs,
        MessageKeys& keys,
        const DeviceIdentity& self
    )
        : environment_{environment},
          link_{link},
          chains_{chains},
          epochs_{epochs},
          keys_{keys},
          self_{self} {}

    // All of it. What somebody else was faster with is no error.
    Result<void> keep();

    // Admits into the reader's live epoch; this device has to have its key.
    Result<void> admit(const KeyReader& reader, const DeviceId& device);
    // Adds slots to the messages of a thread after `after`, for the readers of `to` that they do
    // not have.
    Result<void> add_slots(
        const PatientId& patient, Seq after, std::span<const trust::ExpectedSlot> to
    );

private:
    Result<void> keep_team(const trust::TeamRecord& team);
    Result<void> keep_patient(const PatientId& patient);
    Result<bool> make_epoch(const KeyReader& reader);
    Result<std::optional<StatementDraft>> draft_epoch(
        const KeyReader& reader, const BoxSecret& secret
    );
    Result<bool> wants_epoch(const KeyReader& reader);
    std::vector<DeviceId> devices_for(const KeyReader& reader);
    Result<void> admit_team_candidates(const TeamName& team);
    Result<void> add_team_slots(const TeamName& team, Seq after);
    Result<void> add_patient_slots(const PatientId& patient, Seq after);

    const Environment& environment_;
    Link& link_;
    Chains& chains_;
    EpochKeys& epochs_;
    MessageKeys& keys_;
    const DeviceIdentity& self_;
};

// Whether an error is only "somebody else was faster" or "not now", which a chore shrugs at.
bool is_nobodys_loss(const Error& error);

}  // namespace wardline::client
