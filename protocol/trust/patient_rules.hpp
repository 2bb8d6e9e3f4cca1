#pragma once

#include "protocol/base/result.hpp"
#include "protocol/trust/patient_chain.hpp"

// Whether one statement may stand in a patient's chain: the rules of docs/protocol.md section 5,
// one function a type. Behind PatientChain::check().
namespace wardline::trust {

class PatientRules {
public:
    PatientRules(
        const PatientChain& chain,
        const ClinicChain& clinic,
        const LocatedStatement& located,
        Signatures signatures
    );

    Result<void> check();

    // By type; for std::visit.
    Result<void> operator()(const PatientOpen& open) const;
    Result<void> operator()(const Invite& invite) const;
    Result<void> operator()(const Grant& grant) const;
    Result<void> operator()(const Epoch& epoch) const;
    Result<void> operator()(const Admit& admit) const;
    Result<void> operator()(const IdentityConfirm& confirm) const;
    Result<void> operator()(const Revoke& revoke) const;
    // The types of the clinic's chain.
    template <class Other>
    Result<void> operator()(const Other&) const {
        return Error{Code::bad_statement, "a statement of the clinic's chain"};
    }

private:
    Result<void> check_place() const;
    Result<void> check_confirmed_signer() const;
    // Live and not confirmed yet.
    Result<const PatientDevice*> waiting_device(const DeviceId& id) const;
    bool staff_may(Capability capability) const;

    const PatientChain& chain_;
    const ClinicChain& clinic_;
    const LocatedStatement& located_;
    const Statement& statement_;
    bool verify_;
    // Who signed: a device live at the entry, of staff or of the patient; else both are null.
    const DeviceRecord* staff_{nullptr};
    const PatientDevice* own_{nullptr};
};

}  // namespace wardline::trust
