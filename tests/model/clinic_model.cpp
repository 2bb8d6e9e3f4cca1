#include "tests/model/clinic_model.hpp"

#include "protocol/trust/clinic_chain.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::trust;

namespace {

template <class T>
const T* as(const Fact& fact) {
    return std::get_if<T>(&fact.data);
}

}  // namespace

bool lives_right(const Fact& fact) {
    const auto expires = std::get<Invite>(fact.data).expires;
    return expires > fact.time && expires.ms <= fact.signed_at.ms + 30 * kDayMs;
}

// ---- What was, before an entry ----

const Fact* ClinicModel::granted(const DeviceId& device) const {
    for (const auto& fact : facts_) {
        const auto* grant = as<Grant>(fact);
        if (grant != nullptr && device_id_of(grant->device.signing) == device) return &fact;
    }
    return nullptr;
}

const Fact* ClinicModel::granted(const SigningKey& key) const {
    return granted(device_id_of(key));
}

bool ClinicModel::live(const DeviceId& device, Seq at) const {
    const auto* grant = granted(device);
    if (grant == nullptr || grant->seq >= at) return false;
    for (const auto& fact : facts_) {
        if (fact.seq >= at) break;
        const auto* revoke = as<Revoke>(fact);
        if (revoke != nullptr && revoke->device == device) return false;
        const auto* disable = as<Disable>(fact);
        if (disable != nullptr && disable->account == as<Grant>(*grant)->account) return false;
    }
    return true;
}

bool ClinicModel::disabled(const Account& account, Seq at) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* disable = as<Disable>(fact);
        return disable != nullptr && disable->account == account && fact.seq < at;
    });
}

bool ClinicModel::ever_known(const Account& account, Seq at) const {
    return disabled(account, at) || std::ranges::any_of(facts_, [&](const Fact& fact) {
               const auto* grant = as<Grant>(fact);
               return grant != nullptr && grant->account == account && fact.seq < at;
           });
}

std::optional<Role> ClinicModel::role(const Account& account, Seq at) const {
    std::optional<Role> now;
    for (const auto& fact : facts_) {
        if (fact.seq >= at) break;
        if (const auto* grant = as<Grant>(fact)) {
            if (grant->account == account && !now) now = grant->role;
        } else if (const auto* change = as<RoleChange>(fact)) {
            const bool at_once = change->account == account && !gains_sensitive(*now, change->role);
            if (at_once) now = change->role;
        } else if (const auto* approve = as<Approve>(fact)) {
            const auto* what = proposal(approve->proposal);
            const auto* changed = as<RoleChange>(*what);
            if (changed != nullptr && changed->account == account) now = changed->role;
        }
    }
    return now;
}

bool ClinicModel::account_live(const Account& account, Seq at) const {
    return role(account, at).has_value() && !disabled(account, at);
}

Capabilities ClinicModel::may(const Account& account, Seq at) const {
    return account_live(account, at) ? capabilities_of(*role(account, at)) : Capabilities{};
}

Capabilities ClinicModel::may(const DeviceId& device, Seq at) const {
    return live(device, at) ? may(as<Grant>(*granted(device))->account, at) : Capabilities{};
}

std::optional<Account> ClinicModel::signer(const SigningKey& by) const {
    const auto* grant = granted(by);
    if (grant == nullptr || !live(device_id_of(by))) return std::nullopt;
    return as<Grant>(*grant)->account;
}

bool ClinicModel::by_root(const Fact& next) const {
    return next.by == as<Genesis>(facts_.front())->root;
}

bool ClinicModel::signer_may(const Fact& next, Capability capability) const {
    const auto account = signer(next.by);
    return account && may(*account).has(capability);
}

bool ClinicModel::knows_key(const SigningKey& key, Seq at) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* genesis = as<Genesis>(fact);
        const auto* grant = as<Grant>(fact);
        const auto* invite = as<Invite>(fact);
        if (genesis != nullptr) return genesis->root == key || genesis->audit == key;
        if (fact.seq >= at) return false;
        return (grant != nullptr && grant->device.signing == key) ||
               (invite != nullptr && invite->key == key);
    });
}

bool ClinicModel::knows_keys(const DeviceKeys& keys, Seq at) const {
    return knows_key(keys.signing, at) || std::ranges::any_of(facts_, [&](const Fact& fact) {
               if (const auto* genesis = as<Genesis>(fact)) return genesis->vault == keys.box;
               const auto* grant = as<Grant>(fact);
               return grant != nullptr && fact.seq < at &&
                      (grant->device.identity == keys.identity || grant->device.box == keys.box);
           });
}

// ---- Two people ----

std::size_t ClinicModel::approvers(Seq at) const {
    std::set<Account> out;
    for (const auto& fact : facts_) {
        const auto* grant = as<Grant>(fact);
        if (grant == nullptr || !live(device_id_of(grant->device.signing), at)) continue;
        if (may(grant->account, at).has(Capability::approve)) out.insert(grant->account);
    }
    return out.size();
}

bool ClinicModel::two_people() const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        return approvers(fact.seq + 1) >= 2;
    });
}

bool ClinicModel::last_approver_ends_itself(const Fact& next, const Account& account) const {
    return signer(next.by) == account && may(account).has(Capability::approve) &&
           approvers(kNow) == 1;
}

bool ClinicModel::is_proposal(const Fact& fact) const {
    if (const auto* invite = as<Invite>(fact)) {
        const auto* issuer = granted(fact.by);
        const bool own = issuer != nullptr && as<Grant>(*issuer)->account == invite->account;
        return sensitive(invite->role) && !own;
    }
    if (as<AuditErase>(fact) != nullptr) return true;
    if (const auto* kept = as<AuditRetention>(fact)) return kept->days < audit_days(fact.seq);
    const auto* change = as<RoleChange>(fact);
    return change != nullptr && gains_sensitive(*role(change->account, fact.seq), change->role);
}

std::uint32_t ClinicModel::audit_days(Seq before) const {
    std::uint32_t days = 0;
    for (const auto& fact : facts_) {
        if (fact.seq >= before) break;
        if (const auto* genesis = as<Genesis>(fact)) {
            days = std::ranges::max(genesis->retention) + kAuditExtraDays;
        } else if (const auto* kept = as<AuditRetention>(fact)) {
            days = std::max(days, kept->days);
        } else if (const auto* approve = as<Approve>(fact)) {
            const auto what = std::ranges::find(facts_, approve->proposal, &Fact::hash);
            if (what == facts_.end()) continue;
            if (const auto* shorter = as<AuditRetention>(*what)) days = shorter->days;
        }
    }
    return days;
}

const Fact* ClinicModel::proposal(const Hash& hash) const {
    const auto found = std::ranges::find(facts_, hash, &Fact::hash);
    return found != facts_.end() && is_proposal(*found) ? &*found : nullptr;
}

bool ClinicModel::approved(const Hash& hash) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* approve = as<Approve>(fact);
        return approve != nullptr && approve->proposal == hash;
    });
}

bool ClinicModel::objected(const Hash& hash) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* object = as<Object>(fact);
        return object != nullptr && object->proposal == hash;
    });
}

bool ClinicModel::counts(const Fact& what, Instant now) const {
    if (approved(what.hash)) return true;
    return by_root(what) && !objected(what.hash) && now.ms >= what.time.ms + kObjectionMs;
}

bool ClinicModel::invite_is_open(const Fact& fact, Instant now) const {
    const auto& invite = *as<Invite>(fact);
    const bool further = ever_known(invite.account, fact.seq);
    if (invite.expires <= now || disabled(invite.account)) return false;
    for (const auto& each : facts_) {
        const auto* grant = as<Grant>(each);
        if (grant == nullptr) continue;
        if (grant->invite == fact.hash) return false;
        if (!further && grant->account == invite.account) return false;
    }
    if (!is_proposal(fact)) return true;
    return !objected(fact.hash) && counts(fact, now);
}

bool ClinicModel::live_or_invited(const Account& account, Instant now) const {
    if (ever_known(account)) return account_live(account);
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* invite = as<Invite>(fact);
        return invite != nullptr && invite->account == account && invite->expires > now &&
               !objected(fact.hash);
    });
}

// ---- Teams ----

const Fact* ClinicModel::team(const TeamName& name, Seq at) const {
    const auto found = std::ranges::find_if(facts_, [&](const Fact& fact) {
        const auto* create = as<TeamCreate>(fact);
        return create != nullptr && create->team == name && fact.seq < at;
    });
    return found == facts_.end() ? nullptr : &*found;
}

std::set<Account> ClinicModel::founders(const TeamName& name) const {
    std::set<Account> out;
    for (const auto& fact : facts_) {
        if (const auto* create = as<TeamCreate>(fact); create != nullptr && create->team == name) {
            out.insert(create->founders.begin(), create->founders.end());
        }
        if (const auto* remove = as<TeamRemove>(fact); remove != nullptr && remove->team == name) {
            out.erase(remove->account);
        }
        if (const auto* disable = as<Disable>(fact)) out.erase(disable->account);
    }
    return out;
}

std::set<DeviceId> ClinicModel::members(const TeamName& name, Seq at) const {
    std::set<DeviceId> out;
    bool founded = false;
    for (const auto& fact : facts_) {
        if (fact.seq >= at) break;
        if (const auto* epoch = as<Epoch>(fact); epoch != nullptr && *epoch->team == name) {
            if (!founded) out.insert(epoch->devices.begin(), epoch->devices.end());
            founded = true;
        }
        if (const auto* admit = as<Admit>(fact); admit != nullptr && *admit->team == name) {
            out.insert(admit->device);
        }
        const auto* remove = as<TeamRemove>(fact);
        std::erase_if(out, [&](const DeviceId& device) {
            const bool removed = remove != nullptr && remove->team == name &&
                                 as<Grant>(*granted(device))->account == remove->account;
            return removed || !live(device, fact.seq + 1);
        });
    }
    return out;
}

NewestEpoch ClinicModel::epoch(const TeamName& name, Seq at) const {
    NewestEpoch out;
    for (const auto& fact : facts_) {
        if (fact.seq >= at) break;
        const auto* epoch = as<Epoch>(fact);
        if (epoch != nullptr && *epoch->team == name) {
            out = {&fact, true};
        } else if (out.live) {
            const auto before = members(name, fact.seq);
            const auto after = members(name, fact.seq + 1);
            out.live = std::ranges::includes(after, before);
        }
    }
    return out;
}

std::set<DeviceId> ClinicModel::next_epoch_devices(const TeamName& name) const {
    if (epoch(name).fact != nullptr) return members(name);
    std::set<DeviceId> out;
    const auto who = founders(name);
    for (const auto& fact : facts_) {
        const auto* grant = as<Grant>(fact);
        if (grant == nullptr || !who.contains(grant->account)) continue;
        const auto device = device_id_of(grant->device.signing);
        if (live(device)) out.insert(device);
    }
    return out;
}

// ---- What may come next ----

bool ClinicModel::allows_grant(const Fact& next, const Grant& grant) const {
    if (!grant.account.is_staff() || grant.role == Role::patient) return false;
    if (by_root(next) || !grant.invite) return false;  // The first administrator is there.
    const auto found = std::ranges::find(facts_, *grant.invite, &Fact::hash);
    const auto* invite = found == facts_.end() ? nullptr : as<Invite>(*found);
    if (invite == nullptr || invite->key != next.by) return false;
    return invite_is_open(*found, next.time) && invite->account == grant.account &&
           invite->role == grant.role && !knows_keys(grant.device);
}

bool ClinicModel::allows_invite(const Fact& next, const Invite& invite) const {
    if (!invite.account.is_staff() || invite.role == Role::patient) return false;
    const bool teams_exist = std::ranges::all_of(invite.teams, [this](const TeamName& name) {
        return team(name) != nullptr;
    });
    if (!teams_exist || knows_key(invite.key) || !lives_right(next)) return false;
    const bool known = ever_known(invite.account);
    if (by_root(next)) return !known && sensitive(invite.role);
    const auto who = signer(next.by);
    if (!who) return false;
    if (!known) return may(*who).has(Capability::enrol_staff);
    return (*who == invite.account || may(*who).has(Capability::enrol_staff)) &&
           account_live(invite.account) && invite.role == role(invite.account) &&
           invite.teams.empty();
}

bool ClinicModel::allows_role(const Fact& next, const RoleChange& change) const {
    return signer_may(next, Capability::enrol_staff) && account_live(change.account) &&
           change.role != Role::patient && change.role != role(change.account) &&
           (capabilities_of(change.role).has(Capability::approve) ||
            !last_approver_ends_itself(next, change.account));
}

bool ClinicModel::allows_epoch(const Fact& next, const Epoch& epoch_data) const {
    const auto& name = *epoch_data.team;
    if (team(name) == nullptr) return false;
    const auto before = epoch(name);
    const auto* last = before.fact == nullptr ? nullptr : as<Epoch>(*before.fact);
    const auto devices = next_epoch_devices(name);
    const bool follows = last == nullptr ? epoch_data.number == 1 && epoch_data.prev.is_zero()
                                         : epoch_data.number == last->number + 1 &&
                                               epoch_data.prev == before.fact->hash;
    const bool key_used = std::ranges::any_of(facts_, [&](const Fact& fact) {
        const auto* each = as<Epoch>(fact);
        return each != nullptr && each->team == epoch_data.team && each->key == epoch_data.key;
    });
    return signer(next.by) && devices.contains(device_id_of(next.by)) && follows && !key_used &&
           std::ranges::equal(epoch_data.devices, devices);
}

bool ClinicModel::allows_admit(const Fact& next, const Admit& admit) const {
    const auto& name = *admit.team;
    if (team(name) == nullptr || !signer(next.by)) return false;
    const auto in = members(name);
    const auto now = epoch(name);
    return in.contains(device_id_of(next.by)) && live(admit.device) && !in.contains(admit.device) &&
           now.live && now.fact->hash == admit.epoch;
}

bool ClinicModel::allows_approve(const Fact& next, const Approve& approve) const {
    const auto* what = proposal(approve.proposal);
    if (what == nullptr || objected(what->hash) || counts(*what, next.time)) return false;
    const auto* author = granted(what->by);
    const bool own = author != nullptr && as<Grant>(*author)->account == signer(next.by);
    const bool entitled = by_root(next) ? author != nullptr && !two_people()
                                        : signer_may(next, Capability::approve) && !own;
    if (!entitled) return false;
    if (const auto* invite = as<Invite>(*what)) return invite->expires > next.time;
    const auto* change = as<RoleChange>(*what);
    return change == nullptr || account_live(change->account);
}

bool ClinicModel::allows(const Fact& next) const {
    if (const auto* grant = as<Grant>(next)) return allows_grant(next, *grant);
    if (const auto* invite = as<Invite>(next)) return allows_invite(next, *invite);
    if (const auto* change = as<RoleChange>(next)) return allows_role(next, *change);
    if (const auto* admit = as<Admit>(next)) return allows_admit(next, *admit);
    if (const auto* made = as<Epoch>(next)) return allows_epoch(next, *made);
    if (const auto* approve = as<Approve>(next)) return allows_approve(next, *approve);
    if (const auto* create = as<TeamCreate>(next)) {
        return signer_may(next, Capability::enrol_staff) && team(create->team) == nullptr &&
               std::ranges::all_of(create->founders, [&](const Account& founder) {
                   return live_or_invited(founder, next.time);
               });
    }
    if (const auto* remove = as<TeamRemove>(next)) {
        if (!signer_may(next, Capability::enrol_staff) || team(remove->team) == nullptr) {
            return false;
        }
        const auto in = members(remove->team);
        return founders(remove->team).contains(remove->account) ||
               std::ranges::any_of(in, [&](const DeviceId& device) {
                   return as<Grant>(*granted(device))->account == remove->account;
               });
    }
    if (const auto* revoke = as<Revoke>(next)) {
        if (!live(revoke->device)) return false;
        return as<Grant>(*granted(revoke->device))->account == signer(next.by) ||
               signer_may(next, Capability::manage_devices);
    }
    if (const auto* disable = as<Disable>(next)) {
        return (signer_may(next, Capability::enrol_staff) ||
                signer_may(next, Capability::manage_devices)) &&
               live_or_invited(disable->account, next.time) &&
               !last_approver_ends_itself(next, disable->account);
    }
    if (const auto* kept = as<AuditRetention>(next)) {
        return signer_may(next, Capability::set_policy) && kept->days != audit_days(next.seq);
    }
    if (const auto* erase = as<AuditErase>(next)) {
        return signer_may(next, Capability::set_policy) && erase->to < next.seq;
    }
    if (const auto* object = as<Object>(next)) {
        const auto* what = proposal(object->proposal);
        return signer_may(next, Capability::approve) && what != nullptr && !objected(what->hash) &&
               !counts(*what, next.time);
    }
    return false;  // A second genesis; what belongs into a patient's chain.
}

}  // namespace wardline::model
