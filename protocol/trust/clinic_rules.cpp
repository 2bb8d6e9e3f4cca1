#include "protocol/trust/clinic_rules.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"

#include <algorithm>

namespace wardline::trust {
namespace {

Error against_rules(const char* why) {
    return Error{Code::bad_statement, why};
}
Error forbidden(const char* why) {
    return Error{Code::forbidden, why};
}

}  // namespace

Error chain_moved(const ChainPosition& head) {
    return Error{
        Code::chain_moved,
        "the statement does not follow the newest one of its chain",
        cbor::Json{{"pos", head.pos}, {"hash", cbor::binary(head.hash.view())}}
    };
}

Result<void> check_invite_expiry(const Invite& invite, const LocatedStatement& located) {
    const auto signed_at = located.statement.time().ms;
    if (invite.expires.ms > signed_at && invite.expires.ms - signed_at > kInviteMsMax) {
        return against_rules("an invite lives 30 days at most");
    }
    if (invite.expires <= located.time) {
        return Error{Code::invite_expired, "the invite would be expired from the start"};
    }
    return success();
}

Result<void> check_invite_open(InviteState state) {
    switch (state) {
        case InviteState::open:
            return success();
        case InviteState::pending:
            return Error{Code::invite_pending, "the invite waits for a second person's approval"};
        case InviteState::used:
            return Error{Code::invite_used, "the invite was used before"};
        case InviteState::expired:
            return Error{Code::invite_expired, "the invite has expired"};
        case InviteState::closed:
            break;
    }
    return Error{Code::invite_unknown, "the invite was withdrawn"};
}

Result<void> check_grant_keys(const Grant& grant, const Statement& statement) {
    WARDLINE_TRY(check_usable(grant.device));
    if (!verify_possession(grant.device, statement.clinic(), statement.by(), grant.pop)) {
        return Error{Code::bad_signature, "the device does not prove that it holds its keys"};
    }
    return success();
}

ClinicRules::ClinicRules(
    const ClinicChain& chain, const LocatedStatement& located, Signatures signatures
)
    : chain_{chain},
      located_{located},
      statement_{located.statement},
      verify_{signatures == Signatures::verify} {
    if (chain_.empty()) return;
    by_root_ = statement_.by() == chain_.genesis().root;
    signer_ = chain_.device(statement_.by());
    if (signer_ != nullptr && !signer_->live_at(kNow)) signer_ = nullptr;
    if (signer_ != nullptr) may_ = chain_.capabilities(signer_->account);
}

Result<void> ClinicRules::check() {
    WARDLINE_TRY(check_place());
    if (verify_ && !statement_.verify_signature()) {
        return Error{Code::bad_signature, "the statement's signature is wrong"};
    }
    return std::visit(*this, statement_.data());
}

Result<void> ClinicRules::check_place() const {
    if (!statement_.chain().is_clinic()) return against_rules("a statement of another chain");
    if (chain_.clinic_ && *chain_.clinic_ != statement_.clinic()) {
        return against_rules("a statement of another clinic");
    }
    if (chain_.empty()) {
        const bool first = statement_.pos() == 0 && statement_.prev().is_zero() && located_.seq > 0;
        return first ? Result<void>{success()}
                     : against_rules("the chain has to begin with genesis");
    }
    const auto head = chain_.head();
    if (statement_.pos() != head.pos + 1 || statement_.prev() != head.hash) {
        return chain_moved(head);
    }
    if (located_.seq <= chain_.head_seq()) {
        return against_rules("an entry that does not come after the one before it");
    }
    return success();
}

Result<void> ClinicRules::check_signer_may(Capability capability) const {
    if (!may_.has(capability)) return forbidden("the signer may not do this");
    return success();
}

Result<void> ClinicRules::operator()(const Genesis& genesis) const {
    if (!chain_.empty()) return against_rules("a second genesis");
    if (statement_.by() != genesis.root) return against_rules("genesis is signed by the root key");
    if (verify_ && !crypto::is_usable(genesis.vault)) {
        return against_rules("the vault key is not usable");
    }
    return success();
}

Result<void> ClinicRules::operator()(const Grant& grant) const {
    if (chain_.empty()) return against_rules("the chain has to begin with genesis");
    if (!grant.account.is_staff() || grant.role == Role::patient) {
        return against_rules("a patient's device is granted in the patient's chain");
    }
    WARDLINE_TRY(by_root_ ? check_root_grant(grant) : check_invited_grant(grant));
    if (chain_.live_devices().size() >= kStaffDevicesMax) {
        return Error{Code::too_large, "the clinic has as many devices as it can have"};
    }
    const auto* account = chain_.account(grant.account);
    const auto accounts =
        std::count_if(chain_.accounts().begin(), chain_.accounts().end(), [](const auto& each) {
            return each.second.live_at(kNow);
        });
    if (account == nullptr && static_cast<std::size_t>(accounts) >= kAccountsMax) {
        return Error{Code::too_large, "the clinic has as many accounts as it can have"};
    }
    return verify_ ? check_new_keys(grant) : success();
}

Result<void> ClinicRules::check_root_grant(const Grant& grant) const {
    if (statement_.pos() != 1 || grant.invite) {
        return forbidden("the root key grants nobody but the first administrator");
    }
    if (!sensitive(grant.role)) return against_rules("the first administrator's role is too small");
    return success();
}

Result<void> ClinicRules::check_invited_grant(const Grant& grant) const {
    const auto* invite = grant.invite ? chain_.invite(*grant.invite) : nullptr;
    if (invite == nullptr) return Error{Code::invite_unknown, "there is no such invite"};
    if (invite->invite.key != statement_.by()) {
        return forbidden("the grant is not signed by its invite's key");
    }
    WARDLINE_TRY(check_invite_open(chain_.state(*invite, located_.time)));
    if (invite->invite.account != grant.account || invite->invite.role != grant.role) {
        return against_rules("the invite is for another account or role");
    }
    return success();
}

Result<void> ClinicRules::check_new_keys(const Grant& grant) const {
    WARDLINE_TRY(check_grant_keys(grant, statement_));
    if (chain_.knows_keys(grant.device)) return against_rules("a key that was used before");
    return success();
}

Result<void> ClinicRules::operator()(const Invite& invite) const {
    if (chain_.empty()) return against_rules("the chain has to begin with genesis");
    if (!invite.account.is_staff() || invite.role == Role::patient) {
        return against_rules("a patient is invited in the patient's chain");
    }
    WARDLINE_TRY(check_invite_issuer(invite));
    WARDLINE_TRY(check_invite_expiry(invite, located_));
    for (const auto& team : invite.teams) {
        if (chain_.team(team) == nullptr) return against_rules("there is no such team");
    }
    if (chain_.knows_key(invite.key)) return against_rules("a key that was used before");
    return success();
}

Result<void> ClinicRules::check_invite_issuer(const Invite& invite) const {
    const auto* account = chain_.account(invite.account);
    if (by_root_) {
        if (account != nullptr || !sensitive(invite.role)) {
            return forbidden("the root key invites nobody but a new officer");
        }
        return success();
    }
    if (signer_ == nullptr) return forbidden("the signer is no live device");
    if (account == nullptr) return check_signer_may(Capability::enrol_staff);

    if (signer_->account != invite.account) {
        WARDLINE_TRY(check_signer_may(Capability::enrol_staff));
    }
    if (!account->live_at(kNow)) return against_rules("the account is disabled, its name is taken");
    if (invite.role != account->role_at(kNow) || !invite.teams.empty()) {
        return against_rules("a further device has the role of its account and no teams");
    }
    return success();
}

Result<void> ClinicRules::operator()(const RoleChange& change) const {
    WARDLINE_TRY(check_signer_may(Capability::enrol_staff));
    const auto* account = chain_.account(change.account);
    if (account == nullptr || !account->live_at(kNow)) {
        return against_rules("there is no such live account");
    }
    if (change.role == Role::patient || change.role == account->role_at(kNow)) {
        return against_rules("not a new role for staff");
    }
    if (!capabilities_of(change.role).has(Capability::approve) &&
        is_last_approver_ending_itself(change.account)) {
        return forbidden("the last account with \"approve\" cannot give it up");
    }
    return success();
}

bool ClinicRules::is_last_approver_ending_itself(const Account& account) const {
    return signer_ != nullptr && signer_->account == account && may_.has(Capability::approve) &&
           chain_.approvers() == 1;
}

bool ClinicRules::known_or_invited(const Account& account) const {
    if (const auto* known = chain_.account(account)) return known->live_at(kNow);
    const auto invites = chain_.invites();
    return std::any_of(invites.begin(), invites.end(), [&](const auto* invite) {
        if (invite->invite.account != account) return false;
        const auto state = chain_.state(*invite, located_.time);
        return state == InviteState::open || state == InviteState::pending;
    });
}

Result<void> ClinicRules::operator()(const TeamCreate& create) const {
    WARDLINE_TRY(check_signer_may(Capability::enrol_staff));
    if (chain_.team(create.team) != nullptr) return against_rules("a team of that name exists");
    if (chain_.teams().size() >= kClinicTeamsMax) {
        return Error{Code::too_large, "the clinic has as many teams as it can have"};
    }
    for (const auto& founder : create.founders) {
        if (!known_or_invited(founder)) {
            return against_rules("a founder is neither a live account nor invited");
        }
    }
    return success();
}

Result<void> ClinicRules::operator()(const Admit& admit) const {
    const auto* team = chain_.team(*admit.team);
    if (team == nullptr) return against_rules("there is no such team");
    if (signer_ == nullptr || !team->has_member(signer_->id)) {
        return forbidden("only a device in the team admits another");
    }
    if (!chain_.live(admit.device)) return against_rules("there is no such live device");
    if (team->has_member(admit.device)) return against_rules("the device is in the team already");
    const auto* epoch = team->epochs.live();
    if (epoch == nullptr || epoch->hash != admit.epoch) {
        return against_rules("not the team's live epoch");
    }
    return success();
}

Result<void> ClinicRules::operator()(const Epoch& epoch) const {
    const auto* team = chain_.team(*epoch.team);
    if (team == nullptr) return against_rules("there is no such team");
    if (signer_ == nullptr || !chain_.may_make_epoch(signer_->id, *epoch.team)) {
        return forbidden("only a device in the team makes its next epoch");
    }
    if (verify_ && !crypto::is_usable(epoch.key)) {
        return against_rules("the epoch's key is not usable");
    }
    return team->epochs.check_next(epoch, chain_.next_epoch_devices(*epoch.team));
}

Result<void> ClinicRules::operator()(const TeamRemove& remove) const {
    WARDLINE_TRY(check_signer_may(Capability::enrol_staff));
    const auto* team = chain_.team(remove.team);
    if (team == nullptr) return against_rules("there is no such team");
    const auto accounts = chain_.team_accounts(remove.team);
    const bool member =
        std::find(accounts.begin(), accounts.end(), remove.account) != accounts.end();
    const bool founder =
        std::any_of(team->founders.begin(), team->founders.end(), [&remove](const auto& each) {
            return each.account == remove.account && !each.removed;
        });
    if (!member && !founder) return against_rules("the account is not in the team");
    return success();
}

Result<void> ClinicRules::operator()(const Revoke& revoke) const {
    const auto* device = chain_.device(revoke.device);
    if (device == nullptr || !device->live_at(kNow)) {
        return against_rules("there is no such live device");
    }
    if (signer_ != nullptr && signer_->account == device->account) return success();
    return check_signer_may(Capability::manage_devices);
}

Result<void> ClinicRules::operator()(const Disable& disable) const {
    if (!may_.has(Capability::enrol_staff) && !may_.has(Capability::manage_devices)) {
        return forbidden("the signer may not do this");
    }
    if (!known_or_invited(disable.account)) {
        return against_rules("there is no such live or invited account");
    }
    if (is_last_approver_ending_itself(disable.account)) {
        return forbidden("the last account with \"approve\" cannot disable itself");
    }
    return success();
}

Result<const ProposalRecord*> ClinicRules::open_proposal(const Hash& hash) const {
    const auto* proposal = chain_.proposal(hash);
    if (proposal == nullptr) return Error{Code::not_found, "there is no such proposal"};
    if (!proposal->open(located_.time)) {
        return against_rules("the proposal is not open any more");
    }
    return proposal;
}

Result<void> ClinicRules::operator()(const Approve& approve) const {
    WARDLINE_TRY(const auto proposal, open_proposal(approve.proposal));
    if (by_root_) {
        if (chain_.two_people() || !proposal->author) {
            return forbidden("the root key does not approve this");
        }
    } else {
        WARDLINE_TRY(check_signer_may(Capability::approve));
        if (proposal->author == signer_->account) {
            return forbidden("nobody approves their own proposal");
        }
    }
    if (const auto* invite = std::get_if<Invite>(&proposal->what)) {
        if (invite->expires <= located_.time) {
            return Error{Code::invite_expired, "the invite has expired"};
        }
        return success();
    }
    if (const auto* change = std::get_if<RoleChange>(&proposal->what)) {
        const auto* account = chain_.account(change->account);
        if (account == nullptr || !account->live_at(kNow)) {
            return against_rules("there is no such live account any more");
        }
    }
    return success();
}

Result<void> ClinicRules::operator()(const Object& object) const {
    WARDLINE_TRY(check_signer_may(Capability::approve));
    WARDLINE_TRY(open_proposal(object.proposal));
    return success();
}

Result<void> ClinicRules::operator()(const AuditRetention& retention) const {
    WARDLINE_TRY(check_signer_may(Capability::set_policy));
    if (retention.days == chain_.audit_retention_days()) {
        return against_rules("the trail is kept for so many days already");
    }
    return success();
}

Result<void> ClinicRules::operator()(const AuditErase& erase) const {
    WARDLINE_TRY(check_signer_may(Capability::set_policy));
    if (erase.to >= located_.seq) return against_rules("entries that are not written yet");
    return success();
}

Result<void> ClinicRules::operator()(const PatientOpen&) const {
    return against_rules("a statement of a patient's chain");
}
Result<void> ClinicRules::operator()(const IdentityConfirm&) const {
    return against_rules("a statement of a patient's chain");
}

}  // namespace wardline::trust
