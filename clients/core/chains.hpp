#pragma once

#include "clients/core/device_identity.hpp"
#include "clients/core/environment.hpp"
#include "clients/core/link.hpp"
#include "clients/core/store.hpp"
#include "clients/core/tree_state.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/patient_chain.hpp"
#include "protocol/wire/entry.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>

namespace wardline::client {

// A statement to be signed, and what goes with it in the request (the boxes of an epoch).
struct StatementDraft {
    trust::StatementData data;
    Json extra = Json::object();
};

// The chains as this device has verified them: the clinic's, and the patients' that it has to do
// with. They only grow: a chain of the server's that is shorter or says something else is a
// `trust_alarm` and changes nothing here. Each statement's entry is proved to be in the journal
// before it counts.
class Chains {
public:
    Chains(
        const Environment& environment,
        Store& store,
        Link& link,
        TreeState& tree,
        const DeviceIdentity& self
    )
        : environment_{environment},
          store_{store},
          link_{link},
          tree_{tree},
          self_{self},
          clinic_{self.clinic} {}

    // From the store. `local_store` when what is there does not verify.
    Result<void> load();
    // What enrolment has verified already, without proofs; writes it.
    Result<void> adopt(std::span<const wire::Entry> clinic, std::span<const wire::Entry> patient);
    // The proofs that adopt() could not ask for.
    Result<void> prove_adopted();

    const trust::ClinicChain& clinic() const { return clinic_; }
    // What is known of a patient's chain without asking; null if nothing.
    Result<const trust::PatientChain*> known_patient(const PatientId& patient);

    // Of the patients' chains that were looked at since the program started.
    std::optional<PatientId> patient_of(const ThreadId& thread) const;

    std::optional<PatientId> patient_of_device(const DeviceId& device) const;
    // The chain of the patient whose device this is; null for staff, and before it is known.
    const trust::PatientChain* own_patient() const;

    Result<void> update_clinic();
    // After login: whether the server's head is one of ours, or ahead of us.
    Result<void> compare_clinic_head(const trust::ChainPosition& head);
    // `not_found` where there is no such patient, `forbidden` where it is not for this device.
    Result<const trust::PatientChain*> update_patient(const PatientId& patient);
    // The known chain, or fetched if it is not.
    Result<const trust::PatientChain*> patient(const PatientId& patient);
    // A statement's entry from sync or a push: true when it was news and has been taken in.
    Result<bool> take(const wire::Entry& entry);
    // Whether a head that another device signed into a message, before that seq, is in the chain;
    // fetches what is missing.
    Result<bool> agrees(const trust::ChainName& chain, const trust::ChainPosition& head, Seq at);

    // Signs and sends until it has its place: `draft` is asked again whenever the chain has moved,
    // and may say that nothing is needed any more. The answer's seq, or nothing then. `signer`:
    // this device unless given (root).
    using MakeDraft = std::function<Result<std::optional<StatementDraft>>()>;
    Result<std::optional<Seq>> submit(
        const trust::ChainName& chain,
        const MakeDraft& draft,
        const std::optional<SigningSecret>& signer = std::nullopt
    );
    Result<Seq> submit(
        const trust::ChainName& chain,
        const trust::StatementData& data,
        const std::optional<SigningSecret>& signer = std::nullopt
    );

    // As they are in the store, verified before; for showing.
    Result<std::vector<trust::LocatedStatement>> statements(const trust::ChainName& chain);

    // Grows with every statement that was taken in.
    std::uint64_t revision() const { return revision_; }

private:
    Result<std::vector<wire::Entry>> fetch(const trust::ChainName& chain, std::uint64_t from);
    Result<void> extend(
        const trust::ChainName& chain, std::span<const wire::Entry> entries, bool prove
    );
    template <class Chain>
    Result<void> extend_copy(
        const Chain& now,
        const trust::ChainName& name,
        std::span<const wire::Entry> entries,
        bool prove
    );
    Result<void> apply(trust::ClinicChain& chain, const trust::LocatedStatement& located) const;
    Result<void> apply(trust::PatientChain& chain, const trust::LocatedStatement& located) const;
    void replace(trust::ClinicChain chain) { clinic_ = std::move(chain); }
    void replace(trust::PatientChain chain);
    Result<trust::StatementFields> fields(
        const trust::ChainName& chain, const trust::StatementData& data
    );
    Result<void> update(const trust::ChainName& chain);
    std::optional<Hash> hash_at(const trust::ChainName& chain, std::uint64_t pos) const;

    const Environment& environment_;
    Store& store_;
    Link& link_;
    TreeState& tree_;
    const DeviceIdentity& self_;
    trust::ClinicChain clinic_;  // Of `self`'s clinic, and no other's.
    std::map<PatientId, trust::PatientChain> patients_;
    std::uint64_t revision_{0};
};

// The statement of an entry with what its authority is judged by. `bad_frame` or `bad_statement`;
// also when the entry's details name another statement.
Result<trust::LocatedStatement> located_of(const wire::Entry& entry);

}  // namespace wardline::client
