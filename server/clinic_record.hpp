#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/patient_chain.hpp"
#include "protocol/trust/readers.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

// All chains of the clinic, with what finds its way through them: by device, thread and invite.
// Verified by the same code as on a client. A value without I/O; one thread. References into it
// are good until the next apply().
namespace wardline::server {

// A device that some chain has granted, whosever it is.
struct KnownDevice {
    const trust::DeviceRecord* record{nullptr};
    const trust::PatientChain* patient{nullptr};  // Null for staff.

    const Account& account() const { return record->account; }
    bool is_staff() const noexcept { return patient == nullptr; }
};

class ClinicRecord {
public:
    bool founded() const noexcept { return !clinic_.empty(); }
    const trust::ClinicChain& clinic() const noexcept { return clinic_; }
    // Null for a patient without a record.
    const trust::PatientChain* patient(const PatientId& id) const;
    const trust::PatientChain* patient_of(const ThreadId& thread) const;
    const std::map<PatientId, std::unique_ptr<trust::PatientChain>>& patients() const noexcept {
        return patients_;
    }

    // Live or not; nothing for a device that was never granted.
    std::optional<KnownDevice> device(const DeviceId& id) const;
    // Nothing unless it is live at that seq.
    std::optional<KnownDevice> live_device(const DeviceId& id, Seq at = trust::kNow) const;
    trust::Capabilities capabilities(const KnownDevice& device, Seq at = trust::kNow) const;

    // Whether the device may see entries of this audience in the thread, at least as notices.
    bool may_read(
        const KnownDevice& device,
        const trust::PatientChain& thread,
        trust::Audience audience,
        Seq at = trust::kNow
    ) const;
    // The same by the thread's id; no for a thread that does not exist, after as much work, so that
    // the time does not tell.
    bool may_read(const KnownDevice& device, const ThreadId& thread) const;
    // The clinic's chain: everybody. A patient's: the patient's own devices, members of the
    // thread's teams, and accounts with `enrol-patient`.
    bool may_read_chain(
        const KnownDevice& device, const trust::PatientChain& chain, Seq at = trust::kNow
    ) const;

    // Where an invite stands.
    struct FoundInvite {
        const trust::PatientChain* patient{nullptr};  // Null: in the clinic's chain.
        trust::Invite invite;
        Hash hash;
        std::optional<DeviceId> issuer;  // None: root.
        trust::InviteState state{};
    };
    std::optional<FoundInvite> invite(const InviteHandle& handle, Instant now) const;
    // Of the invite that certified a grant.
    std::optional<FoundInvite> invite(const Hash& statement, Instant now) const;

    // Newest position of a chain; nothing while it is empty.
    std::optional<trust::ChainPosition> head(const trust::ChainName& chain) const;
    std::optional<Hash> hash_at(const trust::ChainName& chain, std::uint64_t pos) const;

    // Takes a statement into account, in whichever chain it is. Errors as the chains give them;
    // besides: a patient's record is opened with a thread that no other has, and no key is granted
    // twice anywhere in the clinic. On an error nothing has changed.
    Result<void> apply(
        const trust::LocatedStatement& located,
        trust::Signatures signatures = trust::Signatures::verify
    );

    // Changes with every statement.
    std::uint64_t version() const noexcept { return version_; }

private:
    Result<void> check_new_keys(const trust::LocatedStatement& located) const;
    Result<void> apply_to_patient(
        const trust::LocatedStatement& located, trust::Signatures signatures
    );
    void index(const trust::LocatedStatement& located, const trust::PatientChain& chain);

    trust::ClinicChain clinic_;
    std::map<PatientId, std::unique_ptr<trust::PatientChain>> patients_;
    std::unordered_map<ThreadId, const trust::PatientChain*> threads_;
    std::unordered_map<DeviceId, const trust::PatientChain*> patient_devices_;
    std::map<InviteHandle, const trust::PatientChain*> patient_invites_;
    std::set<Bytes> patient_keys_;  // Identity and box keys of patients' devices.
    std::uint64_t version_{0};
};

}  // namespace wardline::server
