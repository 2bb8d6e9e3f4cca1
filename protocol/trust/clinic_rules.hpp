#pragma once

#include "protocol/base/result.hpp"
#include "protocol/trust/clinic_chain.hpp"

// Whether one statement may stand in the clinic's chain: the rules of docs/protocol.md section 4,
// one function a type. Behind ClinicChain::check().
namespace wardline::trust {

class ClinicRules {
public:
    ClinicRules(const ClinicChain& chain, const LocatedStatement& located, Signatures signatures);

    Result<void> check();

    // By type; for std::visit.
    Result<void> operator()(const Genesis& genesis) const;
    Result<void> operator()(const Grant& grant) const;
    Result<void> operator()(const Invite& invite) const;
    Result<void> operator()(const RoleChange& change) const;
    Result<void> operator()(const TeamCreate& create) const;
    Result<void> operator()(const Admit& admit) const;
    Result<void> operator()(const Epoch& epoch) const;
    Result<void> operator()(const TeamRemove& remove) const;
    Result<void> operator()(const Revoke& revoke) const;
    Result<void> operator()(const Disable& disable) const;
    Result<void> operator()(const Approve& approve) const;
    Result<void> operator()(const Object& object) const;
    Result<void> operator()(const PatientOpen& open) const;
    Result<void> operator()(const IdentityConfirm& confirm) const;
    Result<void> operator()(const AuditRetention& retention) const;
    Result<void> operator()(const AuditErase& erase) const;

private:
    Result<void> check_place() const;
    Result<void> check_signer_may(Capability capability) const;
    Result<void> check_root_grant(const Grant& grant) const;
    Result<void> check_invited_grant(const Grant& grant) const;
    Result<void> check_new_keys(const Grant& grant) const;
    Result<void> check_invite_issuer(const Invite& invite) const;
    // The open proposal of that hash.
    Result<const ProposalRecord*> open_proposal(const Hash& hash) const;
    bool is_last_approver_ending_itself(const Account& account) const;
    bool known_or_invited(const Account& account) const;

    const ClinicChain& chain_;
    const LocatedStatement& located_;
    const Statement& statement_;
    bool verify_;
    // Who signed: root, or a live device (else null).
    bool by_root_{false};
    const DeviceRecord* signer_{nullptr};
    Capabilities may_;
};

// What both kinds of chains ask of an invite's life.
Result<void> check_invite_expiry(const Invite& invite, const LocatedStatement& located);
// The error for a grant whose invite is in this state; success if it is open.
Result<void> check_invite_open(InviteState state);
// Keys that are usable, and proof that the device holds them.
Result<void> check_grant_keys(const Grant& grant, const Statement& statement);
// `chain_moved` with the newest position.
Error chain_moved(const ChainPosition& head);

}  // namespace wardline::trust
