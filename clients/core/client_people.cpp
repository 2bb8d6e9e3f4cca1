#include "audit/tree_head.hpp"
#include "clients/core/client.hpp"
#include "clients/core/device_info.hpp"
#include "clients/core/session.hpp"
#include "protocol/signal/keys.hpp"
#include "protocol/trust/fingerprint.hpp"
#include "protocol/trust/invite.hpp"
#include "protocol/trust/readers.hpp"

#include <algorithm>
#include <map>

// People and devices: invites, admissions, confirmations, verification, status.
namespace wardline::client {

bool Session::is_waiting() const {
    if (!self.is_patient()) {
        for (const auto& [name, team] : chains.clinic().teams()) {
            if (team.has_member(self.device())) return false;
        }
        return chains.clinic().capabilities(self.device()).has(trust::Capability::message);
    }
    const auto* chain = chains.own_patient();
    return !chain || !chain->confirmed(self.device());
}

bool Session::shares_team(const DeviceId& device) const {
    for (const auto& [name, team] : chains.clinic().teams()) {
        if (team.has_member(device) && team.has_member(self.device())) return true;
    }
    return false;
}

DeviceInfo staff_device_info(const Session& session, const trust::DeviceRecord& device) {
    const auto& clinic = session.chains.clinic();
    DeviceInfo out{
        .id = device.id,
        .account = device.account,
        .role = {},
        .fingerprint = trust::device_fingerprint(device.keys),
        .teams = {},
        .granted_at = device.granted_at,
        .live = clinic.live(device.id),
        .confirmed = true,
        .own = device.id == session.self.device()
    };
    const auto* account = clinic.account(device.account);
    if (account && account->live_at(trust::kNow))
        out.role = trust::name_of(account->role_at(trust::kNow));
    for (const auto& [name, team] : clinic.teams()) {
        if (team.has_member(device.id)) out.teams.push_back(name.text());
    }
    return out;
}

DeviceInfo patient_device_info(const Session& session, const trust::PatientDevice& device) {
    return DeviceInfo{
        .id = device.id,
        .account = device.account,
        .role = "patient",
        .fingerprint = trust::device_fingerprint(device.keys),
        .teams = {},
        .granted_at = device.granted_at,
        .live = device.live_at(trust::kNow),
        .confirmed = device.confirmed.has_value(),
        .own = device.id == session.self.device()
    };
}

Result<InviteInfo> invite(
    Session& session,
    const trust::ChainName& chain,
    const Account& account,
    trust::Role role,
    std::vector<TeamName> teams,
    Milliseconds lifetime
) {
    const auto secret = crypto::random_secret<InviteSecret>(session.environment.random);
    const auto key = trust::invite_key(secret);
    const Instant expires{
        session.environment.clock.now().ms +
        static_cast<std::uint64_t>(std::max(lifetime, Milliseconds{1}).count())
    };
    const trust::Invite data{
        .account = account, .role = role, .teams = std::move(teams), .key = key, .expires = expires
    };
    WARDLINE_TRY(session.chains.submit(chain, data));
    std::optional<Hash> hash;
    bool pending = false;
    if (chain.is_clinic()) {
        const auto& clinic = session.chains.clinic();
        for (const auto* record : clinic.invites()) {
            if (record->invite.key != key) continue;
            hash = record->hash;
            pending = clinic.state(*record, session.environment.clock.now()) ==
                      trust::InviteState::pending;
        }
    } else {
        WARDLINE_TRY(const auto* patient, session.chains.known_patient(*chain.patient()));
        for (const auto& record : patient->invites()) {
            if (record.invite.key == key) hash = record.hash;
        }
    }
    if (!hash) return Error{Code::internal, "the invite was made and cannot be found"};
    const trust::InviteUri uri{
        .server = session.self.server.text(),
        .secret = secret,
        .handle = trust::invite_handle(*hash),
        .pin = session.self.server.pin
    };
    WARDLINE_TRY(auto text, trust::make_invite_uri(uri));
    return InviteInfo{
        .uri = std::move(text),
        .account = account,
        .expires_at = expires,
        .pending = pending,
        .proposal = *hash
    };
}

Result<std::vector<DeviceInfo>> Client::devices() {
    const auto up = session_->connect();
    if (!up && up.error().code != Code::unreachable) return up.error();
    std::vector<DeviceInfo> out;
    if (is_patient()) {
        WARDLINE_TRY(const auto* chain, session_->thread_of(account().patient_id()));
        for (const auto* device : chain->live_devices())
            out.push_back(patient_device_info(*session_, *device));
        return out;
    }
    for (const auto* device : session_->chains.clinic().live_devices_of(account())) {
        out.push_back(staff_device_info(*session_, *device));
    }
    return out;
}

Result<InviteInfo> Client::invite_device(Milliseconds lifetime) {
    WARDLINE_TRY(session_->connect());
    if (is_patient()) {
        const auto chain = trust::ChainName::patient(account().patient_id());
        return invite(*session_, chain, account(), trust::Role::patient, {}, lifetime);
    }
    const auto* record = session_->chains.clinic().account(account());
    if (!record) return Error{Code::forbidden, "this account is not live"};
    return invite(
        *session_, trust::ChainName::clinic(), account(), record->role_at(trust::kNow), {}, lifetime
    );
}

namespace {

// The chain that a device was granted in, asked for where it is not here yet.
Result<std::optional<trust::ChainName>> chain_of(
    Client& client, Session& session, const DeviceId& device
) {
    using Name = std::optional<trust::ChainName>;
    auto& chains = session.chains;
    WARDLINE_TRY(chains.update_clinic());
    if (chains.clinic().device(device)) return Name{trust::ChainName::clinic()};
    const auto seen = chains.patient_of_device(device);
    if (seen) return Name{trust::ChainName::patient(*seen)};
    std::vector<PatientId> patients;
    if (const auto own = client.own_patient()) {
        patients.push_back(*own);
    } else {
        WARDLINE_TRY(const auto threads, client.inbox());
        for (const auto& thread : threads) patients.push_back(thread.patient_id);
    }
    for (const auto& patient : patients) {
        WARDLINE_TRY(const auto* chain, chains.update_patient(patient));
        if (chain->device(device)) return Name{chain->name()};
    }
    return Name{};
}

}  // namespace

Result<void> Client::revoke_device(const DeviceId& device) {
    WARDLINE_TRY(session_->connect());
    WARDLINE_TRY(const auto chain, chain_of(*this, *session_, device));
    if (!chain)
        return Error{
            Code::not_found, "nobody whose record you may read has a device " + device.hex()
        };
    WARDLINE_TRY(session_->chains.submit(*chain, trust::Revoke{.device = device}));
    if (device == this->device()) return success();
    return session_->after_change();
}

namespace {

// The teams of a new patient: those given, or the first that this device is in, or the only one
// there is.
Result<std::vector<TeamName>> teams_for(const Session& session, std::vector<TeamName> teams) {
    const auto& all = session.chains.clinic().teams();
    if (teams.empty()) {
        for (const auto& [name, team] : all) {
            if (teams.empty() && team.has_member(session.self.device())) teams.push_back(name);
        }
    }
    if (teams.empty() && all.size() == 1) teams.push_back(all.begin()->first);
    if (teams.empty())
        return Error{Code::usage, "say which team looks after this patient: --team NAME"};
    for (const auto& name : teams) {
        const auto* team = session.chains.clinic().team(name);
        if (!team) return Error{Code::not_found, "there is no team " + name.text()};
        if (team->epochs.empty()) {
            return Error{
                Code::forbidden,
                "team " + name.text() + " has no key yet: one of its founders has to enrol first"
            };
        }
    }
    return teams;
}

// A patient who was invited to these teams and has never come: a second invite is the same again,
// and of both the first that is used makes the patient's first device.
bool waits_for(const trust::PatientChain& patient, std::vector<TeamName> teams) {
    auto its = patient.teams();
    std::ranges::sort(its);
    std::ranges::sort(teams);
    return patient.devices().empty() && its == teams;
}

}  // namespace

Result<InviteInfo> Client::invite_patient(
    const PatientId& patient, const std::vector<TeamName>& teams, Milliseconds lifetime
) {
    WARDLINE_TRY(session_->connect());
    if (is_patient())
        return Error{
            Code::forbidden,
            "only staff invites patients; a further device of your own: wardline device add"
        };
    const auto known = session_->chains.update_patient(patient);
    if (known && !teams.empty() && !waits_for(*known.value(), teams)) {
        return Error{
            Code::conflict,
            "patient " + patient.text() +
                " exists already: invite a further device without naming teams"
        };
    }
    if (!known && known.error().code != Code::not_found && known.error().code != Code::forbidden)
        return known.error();
    if (!known) {
        WARDLINE_TRY(auto chosen, teams_for(*session_, teams));
        const trust::PatientOpen open{
            .patient = patient,
            .thread = crypto::random_fixed<ThreadId>(session_->environment.random),
            .teams = std::move(chosen)
        };
        WARDLINE_TRY(session_->chains.submit(trust::ChainName::patient(patient), open));
    }
    return invite(
        *session_,
        trust::ChainName::patient(patient),
        Account::patient(patient),
        trust::Role::patient,
        {},
        lifetime
    );
}

Result<std::vector<DeviceInfo>> Client::admissible(const StaffName& name) {
    WARDLINE_TRY(session_->connect());
    WARDLINE_TRY(session_->chains.update_clinic());
    const auto& clinic = session_->chains.clinic();
    std::vector<DeviceInfo> out;
    for (const auto* device : clinic.live_devices_of(Account::staff(name))) {
        const auto missing = [&](const auto& item) {
            return item.second.has_member(session_->self.device()) &&
                   !item.second.has_member(device->id);
        };
        if (std::any_of(clinic.teams().begin(), clinic.teams().end(), missing))
            out.push_back(staff_device_info(*session_, *device));
    }
    return out;
}

Result<void> Client::admit(const StaffName& name, const TeamName& team, const DeviceId& device) {
    WARDLINE_TRY(session_->connect());
    const auto& clinic = session_->chains.clinic();
    const auto* record = clinic.device(device);
    if (!record || record->account != Account::staff(name)) {
        return Error{Code::not_found, name.text() + " has no such device"};
    }
    if (!clinic.in_team(session_->self.device(), team)) {
        return Error{
            Code::forbidden, "only somebody in team " + team.text() + " can admit others to it"
        };
    }
    return session_->keeper.admit(KeyReader{team}, device);
}

Result<std::vector<DeviceInfo>> Client::unconfirmed(const PatientId& patient) {
    WARDLINE_TRY(session_->connect());
    WARDLINE_TRY(const auto* chain, session_->chains.update_patient(patient));
    std::vector<DeviceInfo> out;
    for (const auto* device : chain->live_devices()) {
        if (!device->confirmed) out.push_back(patient_device_info(*session_, *device));
    }
    return out;
}

Result<void> Client::identity_confirm(
    const PatientId& patient, const DeviceId& device, std::string_view fingerprint
) {
    WARDLINE_TRY(session_->connect());
    WARDLINE_TRY(const auto* chain, session_->chains.update_patient(patient));
    const auto* record = chain->device(device);
    if (!record) return Error{Code::not_found, "patient " + patient.text() + " has no such device"};
    const auto expected = trust::device_fingerprint(record->keys);
    const auto digits = [](std::string_view text) {
        std::string out;
        for (const char c : text) {
            if (c != ' ' && c != '-')
                out.push_back(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
        }
        return out;
    };
    if (digits(fingerprint) != digits(expected)) {
        return Error{
            Code::usage,
            "that is not the fingerprint of this device: do not confirm it, and ask again who is "
            "calling"
        };
    }
    WARDLINE_TRY(session_->chains.submit(
        trust::ChainName::patient(patient),
        trust::IdentityConfirm{.device = device, .fingerprint = expected}
    ));
    // What is kept becomes readable for the new device: by its own box, or by the epoch that it may
    // have made meanwhile.
    WARDLINE_TRY(chain, session_->chains.update_patient(patient));
    const auto* live = chain->epochs().live();
    std::vector<trust::ExpectedSlot> to;
    if (live) {
        to.push_back({.to = "patient", .epoch = live->hash, .key = live->key});
    } else {
        to.push_back(
            {.to = trust::device_reader(device), .epoch = {}, .key = chain->device(device)->keys.box
            }
        );
    }
    return session_->keeper.add_slots(patient, 0, to);
}

namespace {

std::vector<IdentityKey> identity_keys(
    const Session& session, const trust::PatientChain* chain, const Account& account
) {
    std::vector<IdentityKey> out;
    if (account.is_staff()) {
        for (const auto* device : session.chains.clinic().live_devices_of(account))
            out.push_back(device->keys.identity);
    } else if (chain && chain->account() == account) {
        for (const auto* device : chain->live_devices()) out.push_back(device->keys.identity);
    }
    return out;
}

// One number for two accounts, over all their live devices; shown with each device of the other.
Result<void> number_peers(
    const Session& session, const trust::PatientChain* chain, VerifyInfo& out
) {
    const auto& own = session.self.account;
    const auto* own_chain = own.is_staff() ? chain : session.chains.own_patient();
    const auto ours = identity_keys(session, own_chain, own);
    std::map<Account, std::string> numbers;
    for (auto& peer : out.peers) {
        const Account& other = peer.device.account;
        if (other == own) continue;  // One's own further devices are compared by fingerprint.
        const auto known = numbers.find(other);
        if (known == numbers.end()) {
            WARDLINE_TRY(
                peer.safety_number,
                signal::safety_number(own, ours, other, identity_keys(session, chain, other))
            );
            numbers.emplace(other, peer.safety_number);
        } else {
            peer.safety_number = known->second;
        }
    }
    return success();
}

void add_peer(const Session& session, VerifyInfo& out, DeviceInfo info) {
    if (info.id == session.self.device()) return;
    out.peers.push_back(PeerVerification{.device = std::move(info), .safety_number = {}});
}

}  // namespace

Result<VerifyInfo> Client::verify(const std::optional<std::string>& whom) {
    const auto up = session_->connect();
    if (!up && up.error().code != Code::unreachable) return up.error();
    const auto& clinic = session_->chains.clinic();
    VerifyInfo out{
        .clinic_name = clinic.genesis().name,
        .clinic_fingerprint = trust::clinic_fingerprint(clinic.clinic(), clinic.genesis_hash()),
        .own_fingerprint = trust::device_fingerprint(session_->self.keys()),
        .peers = {}
    };
    const trust::PatientChain* chain = nullptr;
    if (is_patient()) {
        chain = session_->chains.own_patient();
    } else if (whom) {
        const auto patient = PatientId::parse(*whom);
        if (patient && session_->link.up()) {
            const auto found = session_->chains.update_patient(patient.value());
            if (found) chain = found.value();
        }
    }
    for (const auto* device : clinic.live_devices()) {
        if (whom ? device->account.name() != *whom
                 : chain && !trust::in_thread_team(clinic, *chain, device->id))
            continue;
        if (!whom && !chain && !session_->shares_team(device->id)) continue;
        add_peer(*session_, out, staff_device_info(*session_, *device));
    }
    if (chain && (!whom || *whom == chain->patient().text())) {
        for (const auto* device : chain->live_devices()) {
            add_peer(*session_, out, patient_device_info(*session_, *device));
        }
    }
    if (whom && out.peers.empty())
        return Error{Code::not_found, "nobody called " + *whom + " has a device"};
    WARDLINE_TRY(number_peers(*session_, chain, out));
    return out;
}

namespace {

void add_teams(Session& session, Status& out) {
    for (const auto& [name, team] : session.chains.clinic().teams()) {
        const auto* live = team.epochs.live();
        TeamStatus status{
            .team = name.text(), .devices = team.members_at().size(), .epoch_live = live != nullptr
        };
        if (live) {
            const auto known = session.epochs.known(live->hash);
            status.epoch_known = known && known.value().has_value();
        }
        const bool member = team.has_member(session.self.device());
        if (status.devices == 1 && !team.epochs.empty()) {
            out.warnings.push_back(
                "team " + name.text() +
                " has one device only: if it is lost, its history comes back through the vault "
                "alone"
            );
        }
        if (status.devices == 0 && !team.epochs.empty()) {
            out.warnings.push_back(
                "team " + name.text() +
                " has no device left: its history comes back through the vault alone"
            );
        }
        if (team.epochs.empty())
            out.warnings.push_back(
                "team " + name.text() + " waits for the first of its founders to enrol"
            );
        if (member || session.chains.clinic()
                          .capabilities(session.self.device())
                          .has(trust::Capability::enrol_staff)) {
            out.teams.push_back(std::move(status));
        }
    }
}

// Times in messages are shown and never trusted, so a wrong clock is worth a sentence and stops
// nothing.
void add_clock_warning(Session& session, Status& out) {
    constexpr std::chrono::minutes kTolerated{5};
    const auto skew = session.link.clock_skew();
    if (!skew || std::chrono::abs(*skew) <= kTolerated) return;
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(*skew));
    out.warnings.push_back(
        "this device's clock is " + std::to_string(minutes.count()) +
        (*skew > Milliseconds{0} ? " minutes behind" : " minutes ahead of") +
        " the server's: set it right, or others see wrong times"
    );
}

}  // namespace

Result<Status> Client::status() {
    const auto up = session_->connect();
    if (!up && ends_session(up.error())) return up.error();
    const auto& clinic = session_->chains.clinic();
    // Founded, and the answer never came.
    if (!up && clinic.empty()) return up.error();
    Status out{
        .clinic = clinic.clinic(),
        .clinic_name = clinic.genesis().name,
        .clinic_fingerprint = trust::clinic_fingerprint(clinic.clinic(), clinic.genesis_hash()),
        .server = session_->self.server.text(),
        .account = account(),
        .role = {},
        .device = device(),
        .device_fingerprint = trust::device_fingerprint(session_->self.keys()),
        .online = session_->link.up(),
        .confirmed = !session_->is_waiting(),
        .head_time = {},
        .teams = {},
        .warnings = {}
    };
    if (is_patient()) {
        out.role = "patient";
        if (!out.confirmed)
            out.warnings.emplace_back(
                "this device waits until the clinic or another device of yours has confirmed it"
            );
    } else {
        const auto* record = clinic.account(account());
        if (record && record->live_at(trust::kNow))
            out.role = trust::name_of(record->role_at(trust::kNow));
        add_teams(*session_, out);
    }
    if (session_->tree.head()) {
        out.head_seq = session_->tree.head()->size;
        out.head_time = session_->tree.head()->time;
        if (audit::is_stale(*session_->tree.head(), session_->environment.clock.now())) {
            out.warnings.emplace_back(
                "the newest that this device has seen of the clinic's journal is more than 7 days "
                "old"
            );
        }
    }
    add_clock_warning(*session_, out);
    WARDLINE_TRY(const auto pending, session_->outbox->pending());
    out.queued = pending.size();
    if (!up) out.warnings.push_back(up.error().detail);
    return out;
}

}  // namespace wardline::client
