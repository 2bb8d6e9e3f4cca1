#include "protocol/trust/readers.hpp"

#include "protocol/trust/epoch.hpp"

#include <algorithm>

namespace wardline::trust {
namespace {

constexpr std::string_view kPatientReader = "patient";
constexpr std::string_view kVaultReader = "vault";

class SlotList {
public:
    void add_epoch(std::string reader, const EpochRecord& epoch) {
        slots_.push_back({std::move(reader), epoch.hash, epoch.key});
    }
    // A device in two teams without an epoch gets one slot.
    void add_device(const DeviceRecord& device) {
        ExpectedSlot slot{device_reader(device.id), std::nullopt, device.keys.box};
        if (std::find(slots_.begin(), slots_.end(), slot) == slots_.end()) {
            slots_.push_back(std::move(slot));
        }
    }
    std::vector<ExpectedSlot> with_vault(const BoxKey& vault) && {
        slots_.push_back({std::string{kVaultReader}, std::nullopt, vault});
        return std::move(slots_);
    }

private:
    std::vector<ExpectedSlot> slots_;
};

}  // namespace

std::vector<ExpectedSlot> expected_slots(
    const ClinicChain& clinic, const PatientChain& patient, Audience audience, Seq at
) {
    SlotList slots;
    for (const auto& name : patient.teams(at)) {
        const auto* team = clinic.team(name);
        if (const auto* epoch = team->epochs.live(at)) {
            slots.add_epoch(team_reader(name), *epoch);
        } else {
            for (const auto& id : team->members_at(at)) slots.add_device(*clinic.device(id));
        }
    }
    if (audience != Audience::internal) {
        if (const auto* epoch = patient.epochs().live(at)) {
            slots.add_epoch(std::string{kPatientReader}, *epoch);
        } else {
            for (const auto* device : patient.confirmed_devices(at)) slots.add_device(*device);
        }
    }
    return std::move(slots).with_vault(clinic.genesis().vault);
}

EntitledDevices entitled_devices(
    const ClinicChain& clinic, const PatientChain& patient, Audience audience, Seq at
) {
    EntitledDevices out;
    for (const auto& name : patient.teams(at)) {
        const auto members = clinic.team(name)->members_at(at);
        out.staff.insert(out.staff.end(), members.begin(), members.end());
    }
    std::sort(out.staff.begin(), out.staff.end());
    out.staff.erase(std::unique(out.staff.begin(), out.staff.end()), out.staff.end());
    if (audience != Audience::internal) {
        for (const auto* device : patient.confirmed_devices(at)) out.patient.push_back(device->id);
    }
    return out;
}

Result<void> may_write(
    const ClinicChain& clinic,
    const PatientChain& patient,
    const DeviceId& device,
    MessageClass message_class,
    Seq at
) {
    const bool internal = message_class == MessageClass::internal;
    if (patient.confirmed(device, at)) {
        if (internal) return Error{Code::wrong_class, "a patient writes nothing internal"};
        return success();
    }
    if (!clinic.capabilities(device, at).has(Capability::message) ||
        !in_thread_team(clinic, patient, device, at)) {
        return Error{Code::forbidden, "the device may not write in this thread"};
    }
    if (!internal && patient.confirmed_devices(at).empty()) {
        return Error{
            Code::wrong_class, "until the patient has a device, only internal notes can be sent"
        };
    }
    return success();
}

bool may_read(
    const ClinicChain& clinic,
    const PatientChain& patient,
    const DeviceId& device,
    Audience audience,
    Seq at
) {
    if (audience != Audience::internal && patient.confirmed(device, at)) return true;
    return in_thread_team(clinic, patient, device, at);
}

bool in_thread_team(
    const ClinicChain& clinic, const PatientChain& patient, const DeviceId& device, Seq at
) {
    const auto& teams = patient.teams(at);
    return std::any_of(teams.begin(), teams.end(), [&](const auto& team) {
        return clinic.in_team(device, team, at);
    });
}

const DeviceRecord* find_device(
    const ClinicChain& clinic, const PatientChain& patient, const DeviceId& device
) {
    if (const auto* staff = clinic.device(device)) return staff;
    return patient.device(device);
}

}  // namespace wardline::trust
