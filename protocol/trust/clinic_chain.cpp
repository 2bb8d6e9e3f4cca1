#include "protocol/trust/clinic_chain.hpp"

#include "protocol/trust/clinic_rules.hpp"
#include "protocol/trust/invite.hpp"

#include <algorithm>
#include <set>

namespace wardline::trust {

Role AccountRecord::role_at(Seq at) const noexcept {
    Role role = roles.front().role;
    for (const auto& since_entry : roles) {
        if (since_entry.seq < at) role = since_entry.role;
    }
    return role;
}

bool TeamRecord::has_member(const DeviceId& device, Seq at) const noexcept {
    return std::any_of(members.begin(), members.end(), [&device, at](const auto& membership) {
        return membership.device == device && membership.at(at);
    });
}

std::vector<DeviceId> TeamRecord::members_at(Seq at) const {
    std::vector<DeviceId> out;
    for (const auto& membership : members) {
        if (membership.at(at)) out.push_back(membership.device);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::optional<Instant> ProposalRecord::counts_by_itself() const {
    if (author || objected) return std::nullopt;
    return Instant{at.ms + kObjectionMs};
}

bool ProposalRecord::counts(Instant now) const {
    if (approved) return true;
    const auto by_itself = counts_by_itself();
    return by_itself && *by_itself <= now;
}

// ---- Applying ----

Result<void> ClinicChain::check(const LocatedStatement& located, Signatures signatures) const {
    return ClinicRules{*this, located, signatures}.check();
}

Result<void> ClinicChain::apply(const LocatedStatement& located, Signatures signatures) {
    WARDLINE_TRY(check(located, signatures));
    commit(located);
    return success();
}

void ClinicChain::commit(const LocatedStatement& located) {
    std::visit(
        [this, &located](const auto& data) {
            if constexpr (requires { commit(located, data); }) commit(located, data);
        },
        located.statement.data()
    );
    append(located.statement.hash(), located.seq);
    if (!two_people_since_ && approvers() >= 2) two_people_since_ = located.seq;
}

void ClinicChain::commit(const LocatedStatement& located, const Genesis& genesis) {
    clinic_ = located.statement.clinic();
    genesis_ = genesis;
}

void ClinicChain::commit(const LocatedStatement& located, const Grant& grant) {
    const auto id = device_id_of(grant.device.signing);
    devices_.emplace(
        id,
        DeviceRecord{
            id,
            grant.device,
            grant.account,
            located.seq,
            located.time,
            located.statement.hash(),
            grant.invite,
            std::nullopt
        }
    );
    const auto [entry, is_new] = accounts_.try_emplace(
        grant.account, AccountRecord{grant.account, located.seq, {}, {}, std::nullopt}
    );
    auto& account = entry->second;
    if (is_new) {
        account.roles.push_back({located.seq, grant.role});
    }
    account.devices.push_back(id);
    if (grant.invite) {
        auto& invite = invites_.at(*grant.invite);
        invite.used = located.seq;
        invite.device = id;
    }
}

void ClinicChain::commit(const LocatedStatement& located, const Invite& invite) {
    const auto& hash = located.statement.hash();
    const auto* signer = device(located.statement.by());
    InviteRecord record{
        hash, located.seq, located.time, invite, std::nullopt, false, std::nullopt, std::nullopt, {}
    };
    if (signer != nullptr) record.issuer = signer->id;
    record.further_device = account(invite.account) != nullptr;
    invites_.emplace(hash, std::move(record));
    invite_keys_.emplace(invite.key, hash);
    const bool own = signer != nullptr && signer->account == invite.account;
    if (sensitive(invite.role) && !own) propose(located, invite);
}

void ClinicChain::commit(const LocatedStatement& located, const RoleChange& change) {
    auto& account = accounts_.at(change.account);
    if (gains_sensitive(account.role_at(kNow), change.role)) {
        propose(located, change);
    } else {
        account.roles.push_back({located.seq, change.role});
    }
}

void ClinicChain::propose(const LocatedStatement& located, Proposed what) {
    const auto* signer = device(located.statement.by());
    std::optional<Account> author;
    if (signer != nullptr) author = signer->account;
    const auto& statement = located.statement;
    ProposalRecord record{
        statement.hash(),
        statement.pos(),
        located.seq,
        located.time,
        std::move(author),
        std::move(what),
        std::nullopt,
        std::nullopt
    };
    proposals_.emplace(statement.hash(), std::move(record));
}

void ClinicChain::commit(const LocatedStatement& located, const TeamCreate& create) {
    TeamRecord team{create.team, located.seq, {}, {}, {}};
    for (const auto& founder : create.founders) team.founders.push_back({founder, std::nullopt});
    teams_.emplace(create.team, std::move(team));
}

void ClinicChain::commit(const LocatedStatement& located, const Admit& admit) {
    auto& team = teams_.at(*admit.team);
    team.members.push_back({admit.device, located.seq, std::nullopt});
    team.epochs.admit(admit, located.statement.hash(), located.seq);
}

void ClinicChain::commit(const LocatedStatement& located, const Epoch& epoch) {
    auto& team = teams_.at(*epoch.team);
    if (team.epochs.empty()) {
        for (const auto& device : epoch.devices) {
            team.members.push_back({device, located.seq, std::nullopt});
        }
    }
    team.epochs.add(epoch, located.statement.hash(), located.seq);
    epoch_teams_.emplace(located.statement.hash(), team.name);
}

void ClinicChain::remove_from_team(TeamRecord& team, const DeviceId& device, Seq seq) {
    for (auto& membership : team.members) {
        if (membership.device != device || !membership.at(kNow)) continue;
        membership.until = seq;
        team.epochs.void_newest(seq);
    }
}

void ClinicChain::commit(const LocatedStatement& located, const TeamRemove& remove) {
    auto& team = teams_.at(remove.team);
    for (auto& founder : team.founders) {
        if (founder.account == remove.account && !founder.removed) founder.removed = located.seq;
    }
    if (const auto* gone = account(remove.account)) {
        for (const auto& device : gone->devices) remove_from_team(team, device, located.seq);
    }
}

void ClinicChain::revoke_device(const DeviceId& device, Seq seq) {
    auto& record = devices_.at(device);
    if (!record.live_at(kNow)) return;
    record.revoked = seq;
    for (auto& [name, team] : teams_) remove_from_team(team, device, seq);
}

void ClinicChain::commit(const LocatedStatement& located, const Revoke& revoke) {
    revoke_device(revoke.device, located.seq);
}

void ClinicChain::commit(const LocatedStatement& located, const Disable& disable) {
    // A name that was only invited is used up too: nobody else ever gets it.
    const auto [entry, is_new] = accounts_.try_emplace(
        disable.account, AccountRecord{disable.account, kNow, {}, {}, std::nullopt}
    );
    entry->second.disabled = located.seq;
    for (const auto& device : entry->second.devices) revoke_device(device, located.seq);
    for (auto& [hash, invite] : invites_) {
        if (invite.invite.account == disable.account && !invite.closed) {
            invite.closed = located.seq;
        }
    }
    for (auto& [name, team] : teams_) {
        for (auto& founder : team.founders) {
            if (founder.account == disable.account && !founder.removed) {
                founder.removed = located.seq;
            }
        }
    }
}

void ClinicChain::commit(const LocatedStatement& located, const Approve& approve) {
    auto& proposal = proposals_.at(approve.proposal);
    proposal.approved = located.seq;
    if (const auto* change = std::get_if<RoleChange>(&proposal.what)) {
        accounts_.at(change->account).roles.push_back({located.seq, change->role});
    } else if (const auto* retention = std::get_if<AuditRetention>(&proposal.what)) {
        keep_details_for(retention->days);
    }
}

void ClinicChain::keep_details_for(std::uint32_t days) {
    audit_retention_days_ = days;
    audit_retention_shortest_ = std::min(audit_retention_shortest_, days);
}

void ClinicChain::commit(const LocatedStatement& located, const Object& object) {
    proposals_.at(object.proposal).objected = located.seq;
}

// Keeping for longer destroys nothing, so one person decides it.
void ClinicChain::commit(const LocatedStatement& located, const AuditRetention& retention) {
    if (retention.days < audit_retention_days()) {
        propose(located, retention);
    } else {
        keep_details_for(retention.days);
    }
}

void ClinicChain::commit(const LocatedStatement& located, const AuditErase& erase) {
    propose(located, erase);
}

// ---- Places ----

StatementFields ClinicChain::draft(Instant time, StatementData data) const {
    return {
        clinic_.value_or(ClinicId{}),
        ChainName::clinic(),
        size(),
        predecessor(),
        std::nullopt,
        time,
        SigningKey{},
        std::move(data)
    };
}

// ---- Devices and accounts ----

const DeviceRecord* ClinicChain::device(const DeviceId& id) const {
    const auto found = devices_.find(id);
    return found == devices_.end() ? nullptr : &found->second;
}

const DeviceRecord* ClinicChain::device(const SigningKey& key) const {
    return device(device_id_of(key));
}

bool ClinicChain::live(const DeviceId& id, Seq at) const {
    const auto* record = device(id);
    return record != nullptr && record->live_at(at);
}

namespace {

void sort_by_id(std::vector<const DeviceRecord*>& devices) {
    std::sort(devices.begin(), devices.end(), [](const auto* a, const auto* b) {
        return a->id < b->id;
    });
}

}  // namespace

std::vector<const DeviceRecord*> ClinicChain::live_devices(Seq at) const {
    std::vector<const DeviceRecord*> out;
    for (const auto& [id, record] : devices_) {
        if (record.live_at(at)) out.push_back(&record);
    }
    sort_by_id(out);
    return out;
}

std::vector<const DeviceRecord*> ClinicChain::live_devices_of(const Account& owner, Seq at) const {
    std::vector<const DeviceRecord*> out;
    if (const auto* record = account(owner)) {
        for (const auto& id : record->devices) {
            if (live(id, at)) out.push_back(device(id));
        }
    }
    sort_by_id(out);
    return out;
}

bool ClinicChain::knows_key(const SigningKey& key, Seq at) const {
    if (genesis_ && (genesis_->root == key || genesis_->audit == key)) return true;
    const auto* record = device(key);
    if (record != nullptr && record->granted < at) return true;
    const auto found = invite_keys_.find(key);
    return found != invite_keys_.end() && invites_.at(found->second).seq < at;
}

bool ClinicChain::knows_keys(const DeviceKeys& keys, Seq at) const {
    if (knows_key(keys.signing, at) || (genesis_ && genesis_->vault == keys.box)) return true;
    return std::any_of(devices_.begin(), devices_.end(), [&keys, at](const auto& each) {
        const auto& record = each.second;
        const bool same = record.keys.identity == keys.identity || record.keys.box == keys.box;
        return same && record.granted < at;
    });
}

const AccountRecord* ClinicChain::account(const Account& account) const {
    const auto found = accounts_.find(account);
    return found == accounts_.end() ? nullptr : &found->second;
}

Capabilities ClinicChain::capabilities(const Account& owner, Seq at) const {
    const auto* record = account(owner);
    if (record == nullptr || !record->live_at(at)) return {};
    return capabilities_of(record->role_at(at));
}

Capabilities ClinicChain::capabilities(const DeviceId& id, Seq at) const {
    const auto* record = device(id);
    if (record == nullptr || !record->live_at(at)) return {};
    return capabilities(record->account, at);
}

std::size_t ClinicChain::approvers() const {
    const auto count = std::count_if(accounts_.begin(), accounts_.end(), [this](const auto& each) {
        if (!capabilities(each.first).has(Capability::approve)) return false;
        const auto& devices = each.second.devices;
        return std::any_of(devices.begin(), devices.end(), [this](const auto& id) {
            return live(id);
        });
    });
    return static_cast<std::size_t>(count);
}

// ---- Teams ----

const TeamRecord* ClinicChain::team(const TeamName& name) const {
    const auto found = teams_.find(name);
    return found == teams_.end() ? nullptr : &found->second;
}

bool ClinicChain::in_team(const DeviceId& device, const TeamName& name, Seq at) const {
    const auto* record = team(name);
    return record != nullptr && record->has_member(device, at);
}

std::vector<Account> ClinicChain::team_accounts(const TeamName& name, Seq at) const {
    std::set<Account> accounts;
    if (const auto* record = team(name)) {
        for (const auto& member : record->members) {
            if (member.at(at)) accounts.insert(device(member.device)->account);
        }
    }
    return {accounts.begin(), accounts.end()};
}

std::optional<ClinicChain::FoundEpoch> ClinicChain::epoch(const Hash& hash) const {
    const auto found = epoch_teams_.find(hash);
    if (found == epoch_teams_.end()) return std::nullopt;
    const auto* record = team(found->second);
    return FoundEpoch{record, record->epochs.find(hash)};
}

std::vector<DeviceId> ClinicChain::next_epoch_devices(const TeamName& name) const {
    const auto* record = team(name);
    if (record == nullptr) return {};
    if (!record->epochs.empty()) return record->members_at();
    std::vector<DeviceId> out;
    for (const auto& founder : record->founders) {
        if (founder.removed) continue;
        for (const auto* each : live_devices_of(founder.account)) out.push_back(each->id);
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool ClinicChain::may_make_epoch(const DeviceId& device, const TeamName& name) const {
    const auto devices = next_epoch_devices(name);
    return std::binary_search(devices.begin(), devices.end(), device);
}

// ---- Invites and proposals ----

const InviteRecord* ClinicChain::invite(const Hash& statement) const {
    const auto found = invites_.find(statement);
    return found == invites_.end() ? nullptr : &found->second;
}

const InviteRecord* ClinicChain::invite(const InviteHandle& handle) const {
    // The handle is the first half of the hash, and the map is sorted by the whole of it.
    std::array<std::uint8_t, Hash::kSize> least{};
    std::copy(handle.view().begin(), handle.view().end(), least.begin());
    const auto found = invites_.lower_bound(Hash{least});
    if (found == invites_.end() || invite_handle(found->first) != handle) return nullptr;
    return &found->second;
}

std::vector<const InviteRecord*> ClinicChain::invites() const {
    std::vector<const InviteRecord*> out;
    for (const auto& [hash, invite] : invites_) out.push_back(&invite);
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->seq < b->seq; });
    return out;
}

InviteState ClinicChain::state(const InviteRecord& invite, Instant now) const {
    if (invite.used) return InviteState::used;
    if (invite.closed) return InviteState::closed;
    if (!invite.further_device && account(invite.invite.account) != nullptr) {
        return InviteState::used;
    }
    const auto* proposed = proposal(invite.hash);
    if (proposed != nullptr && proposed->objected) return InviteState::closed;
    if (invite.invite.expires <= now) return InviteState::expired;
    if (proposed != nullptr && !proposed->counts(now)) return InviteState::pending;
    return InviteState::open;
}

const ProposalRecord* ClinicChain::proposal(const Hash& statement) const {
    const auto found = proposals_.find(statement);
    return found == proposals_.end() ? nullptr : &found->second;
}

std::vector<const ProposalRecord*> ClinicChain::open_proposals(Instant now) const {
    std::vector<const ProposalRecord*> out;
    for (const auto& [hash, record] : proposals_) {
        const auto* proposed = std::get_if<Invite>(&record.what);
        const bool expired = proposed != nullptr && proposed->expires <= now;
        if (record.open(now) && !expired) out.push_back(&record);
    }
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->pos < b->pos; });
    return out;
}

namespace {

std::uint32_t default_audit_days(const Genesis& genesis) {
    return *std::ranges::max_element(genesis.retention) + kAuditExtraDays;
}

}  // namespace

std::uint32_t ClinicChain::audit_retention_days() const {
    return audit_retention_days_.value_or(default_audit_days(genesis()));
}

std::vector<const ProposalRecord*> ClinicChain::audit_erasures() const {
    std::vector<const ProposalRecord*> out;
    for (const auto& [hash, record] : proposals_) {
        if (std::holds_alternative<AuditErase>(record.what) && record.approved) {
            out.push_back(&record);
        }
    }
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->pos < b->pos; });
    return out;
}

bool ClinicChain::details_may_be_erased(
    const ThreadId& thread, Seq seq, Instant written, Instant now
) const {
    const std::uint64_t days = std::min(default_audit_days(genesis()), audit_retention_shortest_);
    if (now.ms >= written.ms + days * kDayMs) return true;
    return std::ranges::any_of(proposals_, [&](const auto& item) {
        const auto* decision = std::get_if<AuditErase>(&item.second.what);
        return decision != nullptr && item.second.approved && decision->thread == thread &&
               seq >= decision->from && seq <= decision->to;
    });
}

}  // namespace wardline::trust
