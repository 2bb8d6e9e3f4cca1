#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/chain_positions.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/device_keys.hpp"
#include "protocol/trust/epoch_history.hpp"
#include "protocol/trust/statement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// One patient's chain, verified: the thread, the teams on it, the patient's devices and keys, at
// any entry of the journal. docs/protocol.md section 5. It is judged beside the clinic's chain,
// which has to be known up to the entry that is judged at least. A value; threads as for
// ClinicChain.
namespace wardline::trust {

constexpr std::size_t kPatientDevicesMax = 5;

struct PatientDevice : DeviceRecord {
    bool invited_by_clinic{true};
    // The entry from which on the device is a reader: its own grant for the patient's first ever.
    std::optional<Seq> confirmed;

    bool confirmed_at(Seq at) const noexcept { return live_at(at) && confirmed && *confirmed < at; }
};

struct PatientInvite {
    Hash hash;
    Seq seq{0};
    Instant at;
    Invite invite;
    DeviceId issuer;  // A device of staff, or the patient's.
    bool by_clinic{true};
    std::optional<Seq> used;
    std::optional<DeviceId> device;
};

class PatientChain : public ChainPositions {
public:
    // An empty chain of that patient.
    explicit PatientChain(PatientId patient) : patient_{std::move(patient)} {}

    // Whether the statement may stand at that entry. Codes as ClinicChain::check().
    Result<void> check(
        const LocatedStatement& located,
        const ClinicChain& clinic,
        Signatures signatures = Signatures::verify
    ) const;
    // check(), then takes it into account. On an error nothing has changed.
    Result<void> apply(
        const LocatedStatement& located,
        const ClinicChain& clinic,
        Signatures signatures = Signatures::verify
    );

    ChainName name() const { return ChainName::patient(patient_); }
    // What a new statement of this chain has to say about its place; `clinic` gives its `head`.
    StatementFields draft(const ClinicChain& clinic, Instant time, StatementData data) const;

    const PatientId& patient() const noexcept { return patient_; }
    Account account() const { return Account::patient(patient_); }
    // Only when not empty.
    const ThreadId& thread() const noexcept { return thread_; }
    Seq opened() const { return *seq_at(0); }
    // In the order of the chain.
    const std::vector<TeamName>& teams(Seq at = kNow) const noexcept;

    const std::vector<PatientDevice>& devices() const noexcept { return devices_; }
    const PatientDevice* device(const DeviceId& id) const noexcept;
    const PatientDevice* device(const SigningKey& key) const noexcept;
    bool live(const DeviceId& id, Seq at = kNow) const noexcept;
    bool confirmed(const DeviceId& id, Seq at = kNow) const noexcept;
    // Sorted by id.
    std::vector<const PatientDevice*> live_devices(Seq at = kNow) const;
    std::vector<const PatientDevice*> confirmed_devices(Seq at = kNow) const;

    const EpochHistory& epochs() const noexcept { return epochs_; }
    // The confirmed live devices, sorted: whom the next epoch has to be for.
    std::vector<DeviceId> next_epoch_devices() const;
    // The reader's name in the contexts of its boxes: "patient/PATIENT-ID".
    std::string epoch_context() const { return name().text(); }

    const std::vector<PatientInvite>& invites() const noexcept { return invites_; }
    const PatientInvite* invite(const Hash& statement) const noexcept;
    const PatientInvite* invite(const InviteHandle& handle) const noexcept;
    static InviteState state(const PatientInvite& invite, Instant now) noexcept;

private:
    friend class PatientRules;

    void commit(const LocatedStatement& located, const ClinicChain& clinic);
    void grant(const LocatedStatement& located, const Grant& grant);
    PatientDevice* find_device(const DeviceId& id) noexcept;

    PatientId patient_;
    ThreadId thread_;
    std::vector<TeamName> teams_;
    std::vector<PatientDevice> devices_;
    std::vector<PatientInvite> invites_;
    EpochHistory epochs_;
};

}  // namespace wardline::trust
