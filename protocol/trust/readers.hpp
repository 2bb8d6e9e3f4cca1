#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/class.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/patient_chain.hpp"

#include <optional>
#include <string>
#include <vector>

// Who reads and who writes in a thread, as the chains stand at a seq. Sender, reader and server ask
// the same functions. docs/protocol.md section 8. Pure; threads as for the chains.
namespace wardline::trust {

// One slot that a message has to have.
struct ExpectedSlot {
    std::string to;             // "team:NAME", "patient", "device:" + 32 hex digits, or "vault".
    std::optional<Hash> epoch;  // Of the epoch statement, for a team or the patient.
    BoxKey key;
    bool operator==(const ExpectedSlot&) const = default;
};

// The slots of a message of this audience, in their order.
std::vector<ExpectedSlot> expected_slots(
    const ClinicChain& clinic, const PatientChain& patient, Audience audience, Seq at = kNow
);

// The devices that may read messages of this audience, each list sorted. Live slots are for these
// (staff: those on duty), except the sender.
struct EntitledDevices {
    std::vector<DeviceId> staff;    // Members of the thread's teams.
    std::vector<DeviceId> patient;  // Confirmed; empty for Audience::internal.
};
EntitledDevices entitled_devices(
    const ClinicChain& clinic, const PatientChain& patient, Audience audience, Seq at = kNow
);

// Whether the device may write a message of this class into the thread: `forbidden` or
// `wrong_class`.
Result<void> may_write(
    const ClinicChain& clinic,
    const PatientChain& patient,
    const DeviceId& device,
    MessageClass message_class,
    Seq at = kNow
);
// Whether the device is a reader of the thread for this audience.
bool may_read(
    const ClinicChain& clinic,
    const PatientChain& patient,
    const DeviceId& device,
    Audience audience,
    Seq at = kNow
);
// Whether the device is in a team of the thread.
bool in_thread_team(
    const ClinicChain& clinic, const PatientChain& patient, const DeviceId& device, Seq at = kNow
);

// The device's record in either chain, live or not; null if neither knows it.
const DeviceRecord* find_device(
    const ClinicChain& clinic, const PatientChain& patient, const DeviceId& device
);

}  // namespace wardline::trust
