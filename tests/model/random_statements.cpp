#include "tests/model/random_statements.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::trust;
using testing::TestDevice;

namespace {

constexpr unsigned kUsually = 90;
constexpr unsigned kSeldom = 8;

}  // namespace

RandomStatements::RandomStatements(Dice& dice, testing::AClinic& clinic, const ClinicModel& model)
    : dice_{dice}, clinic_{clinic}, model_{model}, devices_{clinic.admin} {
    for (const char* name : {"admin", "anna", "ben", "cleo", "dora", "emil"}) {
        accounts_.push_back(testing::staff(name));
    }
    for (const char* name : {"front", "ward"}) teams_.push_back(testing::a_team(name));
}

void RandomStatements::took(const LocatedStatement& located) {
    hashes_.push_back(located.statement.hash());
    const auto* sent = std::get_if<Invite>(&located.statement.data());
    if (sent == nullptr) return;
    for (auto& each : secrets_) {
        if (invite_key(each.secret) == sent->key) each.hash = located.statement.hash();
    }
}

// ---- Who and what ----

SigningSecret RandomStatements::anybody() {
    const auto number = dice_.below(devices_.size() + 2);
    if (number < devices_.size()) return devices_[number].signing;
    if (number == devices_.size() || secrets_.empty()) return clinic_.root;
    return invite_signing_secret(dice_.pick(secrets_).secret);
}

template <class Wanted>
SigningSecret RandomStatements::somebody(Wanted wanted) {
    std::vector<const TestDevice*> able;
    for (const auto& device : devices_) {
        if (wanted(device)) able.push_back(&device);
    }
    return able.empty() || !dice_.chance(kUsually) ? anybody() : dice_.pick(able)->signing;
}

SigningSecret RandomStatements::somebody_who_may(Capability capability) {
    return somebody([&](const TestDevice& device) { return model_.may(device.id).has(capability); }
    );
}

DeviceId RandomStatements::some_device() {
    return dice_.pick(devices_).id;
}

Role RandomStatements::some_role() {
    if (dice_.chance(2)) return Role::patient;
    return kStaffRoles[dice_.below(kStaffRoles.size())];
}

Hash RandomStatements::some_hash() {
    return hashes_.empty() || dice_.chance(2) ? random_value<Hash>() : dice_.pick(hashes_);
}

Invite RandomStatements::invite(const Account& account, Role role) {
    const bool again = !secrets_.empty() && dice_.chance(3);
    const auto secret =
        again ? dice_.pick(secrets_).secret : crypto::random_secret<InviteSecret>(clinic_.random);
    if (!again) secrets_.push_back({secret, {}, account, role});
    auto out = clinic_.invite_data(account, role, secret);
    const std::uint64_t lives[] = {kDayMs / 2, 3 * kDayMs, 20 * kDayMs};
    out.expires.ms = clinic_.now.ms + lives[dice_.below(3)];
    if (dice_.chance(3)) out.expires = clinic_.now;
    if (dice_.chance(3)) out.expires.ms = clinic_.now.ms + kInviteMsMax + 1;
    return out;
}

// ---- The clinic's chain ----

Drawn RandomStatements::staff_invite() {
    const auto& account = dice_.pick(accounts_);
    const auto may = model_.may(account);
    auto role = some_role();
    for (const auto each : kStaffRoles) {
        if (!may.empty() && capabilities_of(each) == may && dice_.chance(kUsually)) role = each;
    }
    auto data = invite(account, role);
    if (may.empty() && dice_.chance(40)) data.teams = {dice_.pick(teams_)};
    if (dice_.chance(kSeldom)) return {clinic_.root, std::move(data)};
    const bool own = !may.empty() && dice_.chance(50);
    const auto by = own ? somebody([&](const TestDevice& device) {
        return device.account == account && model_.live(device.id);
    })
                        : somebody_who_may(Capability::enrol_staff);
    return {by, std::move(data)};
}

// `kind`: "s" for staff, or a patient id.
Drawn RandomStatements::grant(const std::string& kind) {
    std::vector<const Secret*> fitting;
    for (const auto& each : secrets_) {
        const bool staff = each.account.is_staff();
        if (staff ? kind == "s" : kind == each.account.name()) fitting.push_back(&each);
    }
    if (fitting.empty()) return {anybody(), Approve{random_value<Hash>()}};
    const auto& sent = *dice_.pick(fitting);
    auto device = dice_.chance(5) ? dice_.pick(devices_) : clinic_.new_device(sent.account);
    if (dice_.chance(3)) device.keys.box = dice_.pick(devices_).keys.box;
    const auto by = dice_.chance(97) ? invite_signing_secret(sent.secret) : anybody();
    auto data = clinic_.grant_of(device, crypto::signing_key_of(by), sent.hash, sent.role);
    data.account = dice_.chance(98) ? sent.account : dice_.pick(accounts_);
    if (dice_.chance(2)) data.role = some_role();
    if (dice_.chance(2)) data.invite = some_hash();
    device.account = data.account;
    const auto known =
        std::ranges::any_of(devices_, [&](const TestDevice& each) { return each.id == device.id; });
    if (!known) devices_.push_back(device);
    return {by, std::move(data)};
}

Drawn RandomStatements::role_change() {
    return {
        somebody_who_may(Capability::enrol_staff), RoleChange{dice_.pick(accounts_), some_role()}
    };
}

Drawn RandomStatements::team_create() {
    std::vector<Account> founders{dice_.pick(accounts_)};
    const auto& second = dice_.pick(accounts_);
    if (second != founders.front() && dice_.chance(50)) founders.push_back(second);
    return {
        somebody_who_may(Capability::enrol_staff),
        TeamCreate{dice_.pick(teams_), std::move(founders)}
    };
}

Drawn RandomStatements::admission() {
    const auto& team = dice_.pick(teams_);
    const auto members = model_.members(team);
    const auto epoch = model_.epoch(team);
    const auto hash =
        epoch.fact != nullptr && dice_.chance(kUsually) ? epoch.fact->hash : some_hash();
    auto device = some_device();
    for (int i = 0; i < 4 && !(model_.live(device) && !members.contains(device)); ++i) {
        device = some_device();
    }
    const auto by = somebody([&](const TestDevice& each) { return members.contains(each.id); });
    return {by, Admit{team, device, hash, random_value<Hash>()}};
}

Epoch RandomStatements::epoch(
    std::optional<TeamName> team, const NewestEpoch& before, const std::set<DeviceId>& devices
) {
    Epoch out{
        .team = std::move(team),
        .number = 1,
        .key = crypto::box_key_of(crypto::random_secret<BoxSecret>(clinic_.random)),
        .prev = {},
        .devices = {devices.begin(), devices.end()},
        .boxes = random_value<Hash>()
    };
    if (before.fact != nullptr) {
        const auto& last = std::get<Epoch>(before.fact->data);
        out.number = last.number + 1;
        out.prev = before.fact->hash;
        if (dice_.chance(3)) out.key = last.key;
    }
    if (dice_.chance(3)) ++out.number;
    if (dice_.chance(3)) out.prev = some_hash();
    if (dice_.chance(4) && !out.devices.empty()) out.devices.pop_back();
    if (dice_.chance(4)) {
        auto more = devices;
        more.insert(some_device());
        out.devices.assign(more.begin(), more.end());
    }
    return out;
}

Drawn RandomStatements::team_epoch() {
    const auto& team = dice_.pick(teams_);
    const auto devices = model_.next_epoch_devices(team);
    const auto by = somebody([&](const TestDevice& each) { return devices.contains(each.id); });
    return {by, epoch(team, model_.epoch(team), devices)};
}

// About a proposal.
Drawn RandomStatements::verdict() {
    std::vector<Hash> open;
    for (const auto& fact : model_.facts()) {
        const bool proposes = std::holds_alternative<Invite>(fact.data) ||
                              std::holds_alternative<RoleChange>(fact.data) ||
                              std::holds_alternative<AuditRetention>(fact.data) ||
                              std::holds_alternative<AuditErase>(fact.data);
        if (proposes) open.push_back(fact.hash);
    }
    const auto hash = open.empty() || dice_.chance(kSeldom) ? some_hash() : dice_.pick(open);
    const auto by = dice_.chance(30) ? clinic_.root : somebody_who_may(Capability::approve);
    if (dice_.chance(25)) return {by, Object{hash}};
    return {by, Approve{hash}};
}

// How long the trail keeps details, and which go before.
Drawn RandomStatements::trail_policy() {
    const auto by =
        dice_.chance(80) ? somebody_who_may(Capability::set_policy) : dice_.pick(devices_).signing;
    if (dice_.chance(50)) {
        return {by, AuditRetention{static_cast<std::uint32_t>(4'000 + dice_.below(40))}};
    }
    const auto to = 1 + dice_.below(40);
    return {by, AuditErase{ThreadId{}, 1, to, ErasureReason::court_order}};
}

Drawn RandomStatements::for_clinic() {
    const auto kind = dice_.below(100);
    if (kind < 2) return trail_policy();
    if (kind < 18) return staff_invite();
    if (kind < 38) return grant("s");
    if (kind < 45) return role_change();
    if (kind < 52) return team_create();
    if (kind < 64) return team_epoch();
    if (kind < 74) return admission();
    if (kind < 86) return verdict();
    if (kind < 90) {
        return {
            somebody_who_may(Capability::enrol_staff),
            TeamRemove{dice_.pick(teams_), dice_.pick(accounts_)}
        };
    }
    if (kind < 95) {
        return {somebody_who_may(Capability::manage_devices), Revoke{some_device()}};
    }
    if (kind < 97) {
        return {somebody_who_may(Capability::enrol_staff), Disable{dice_.pick(accounts_)}};
    }
    if (kind < 99) return {dice_.pick(devices_).signing, Revoke{some_device()}};
    return {clinic_.root, clinic_.genesis()};
}

// ---- A patient's chain ----

Drawn RandomStatements::for_patient(const PatientModel& patient, const PatientId& id) {
    const auto confirmed = patient.confirmed_devices();
    const auto own = [&](const TestDevice& device) { return confirmed.contains(device.id); };
    const auto member = [&](const TestDevice& device) { return patient.staff_member(device.id); };
    auto waiting = some_device();
    for (int i = 0; i < 4 && !(patient.live(waiting) && !confirmed.contains(waiting)); ++i) {
        waiting = some_device();
    }
    if (patient.facts().empty() && dice_.chance(kUsually)) {
        std::vector<TeamName> teams{dice_.pick(teams_)};
        if (dice_.chance(30) && teams_.front() != teams.front()) teams.push_back(teams_.front());
        const auto thread = random_value<ThreadId>();
        return {
            somebody_who_may(Capability::enrol_patient), PatientOpen{id, thread, std::move(teams)}
        };
    }
    const auto kind = dice_.below(100);
    if (kind < 20) {
        const auto by = !confirmed.empty() && dice_.chance(40)
                            ? somebody(own)
                            : somebody_who_may(Capability::enrol_patient);
        return {by, invite(Account::patient(id), Role::patient)};
    }
    if (kind < 50) return grant(id.text());
    if (kind < 65) return {somebody(own), epoch(std::nullopt, patient.epoch(), confirmed)};
    const auto now = patient.epoch();
    if (kind < 77) {
        const auto hash =
            now.fact != nullptr && dice_.chance(kUsually) ? now.fact->hash : some_hash();
        return {somebody(own), Admit{std::nullopt, waiting, hash, random_value<Hash>()}};
    }
    if (kind < 90) {
        const auto known = std::ranges::find(devices_, waiting, &TestDevice::id);
        auto text = device_fingerprint(known->keys);
        if (dice_.chance(5)) text = device_fingerprint(devices_.front().keys);
        return {somebody(member), IdentityConfirm{waiting, std::move(text)}};
    }
    const auto by = dice_.chance(50) ? somebody(own) : anybody();
    return {by, Revoke{some_device()}};
}

}  // namespace wardline::model
