#include "clients/core/administration.hpp"

#include "clients/core/device_info.hpp"
#include "clients/core/session.hpp"
#include "clients/core/statement_summary.hpp"
#include "protocol/base/cbor.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr std::size_t kUnitsMax = 100'000;

Result<trust::Role> staff_role(std::string_view name) {
    auto role = trust::parse_role(name);
    if (!role || role.value() == trust::Role::patient) {
        return Error{
            Code::usage,
            "there is no role " + std::string{name} +
                " for staff: reception, clinician, manager, admin, auditor"
        };
    }
    return role;
}

// What a proposal is and asks for, in one line.
struct ProposalText {
    std::string type;
    std::string summary;
};
struct ProposalWords {
    ProposalText operator()(const trust::Invite& it) const {
        return {
            "invite",
            "a first device for " + it.account.name() + ": " + std::string{trust::name_of(it.role)}
        };
    }
    ProposalText operator()(const trust::RoleChange& it) const {
        return {
            "role",
            "a new role for " + it.account.name() + ": " + std::string{trust::name_of(it.role)}
        };
    }
    ProposalText operator()(const trust::AuditRetention& it) const {
        return {"audit-retention", summary_of(it)};
    }
    ProposalText operator()(const trust::AuditErase& it) const {
        return {"audit-erase", summary_of(it)};
    }
};

}  // namespace

Result<InviteInfo> Administration::invite_staff(
    const StaffName& account,
    std::string_view role_name,
    const std::vector<TeamName>& teams,
    Milliseconds lifetime
) {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto role, staff_role(role_name));
    auto& session = client_.session();
    for (const auto& team : teams) {
        if (!session.chains.clinic().team(team))
            return Error{Code::not_found, "there is no team " + team.text()};
    }
    return invite(
        session, trust::ChainName::clinic(), Account::staff(account), role, teams, lifetime
    );
}

Result<std::vector<StaffInfo>> Administration::staff() {
    WARDLINE_TRY(client_.connect());
    auto& session = client_.session();
    const auto& clinic = session.chains.clinic();
    std::map<Account, StaffInfo> found;
    for (const auto& [account, record] : clinic.accounts()) {
        StaffInfo info{.account = account, .role = {}, .teams = {}};
        info.disabled = record.disabled.has_value();
        if (!info.disabled) info.role = trust::name_of(record.role_at(trust::kNow));
        info.live_devices = clinic.live_devices_of(account).size();
        found.emplace(account, std::move(info));
    }
    for (const auto* invited : clinic.invites()) {
        const auto state = clinic.state(*invited, session.environment.clock.now());
        if (state != trust::InviteState::open && state != trust::InviteState::pending) continue;
        const auto [place, fresh] = found.try_emplace(
            invited->invite.account,
            StaffInfo{.account = invited->invite.account, .role = {}, .teams = {}}
        );
        if (fresh) place->second.role = trust::name_of(invited->invite.role);
        place->second.invited = true;
    }
    for (const auto& [name, team] : clinic.teams()) {
        for (const auto& account : clinic.team_accounts(name)) {
            const auto place = found.find(account);
            if (place != found.end()) place->second.teams.push_back(name.text());
        }
    }
    std::vector<StaffInfo> out;
    out.reserve(found.size());
    for (auto& [account, info] : found) out.push_back(std::move(info));
    return out;
}

Result<void> Administration::disable(const StaffName& account) {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(client_.session().chains.submit(
        trust::ChainName::clinic(), trust::Disable{.account = Account::staff(account)}
    ));
    return client_.session().after_change();
}

Result<void> Administration::create_team(
    const TeamName& team, const std::vector<StaffName>& founders
) {
    WARDLINE_TRY(client_.connect());
    if (founders.empty()) return Error{Code::usage, "a team has at least one founder"};
    trust::TeamCreate create{.team = team, .founders = {}};
    for (const auto& founder : founders) create.founders.push_back(Account::staff(founder));
    WARDLINE_TRY(client_.session().chains.submit(trust::ChainName::clinic(), create));
    return client_.session().after_change();
}

Result<void> Administration::remove_from_team(const TeamName& team, const StaffName& account) {
    WARDLINE_TRY(client_.connect());
    const trust::TeamRemove remove{.team = team, .account = Account::staff(account)};
    WARDLINE_TRY(client_.session().chains.submit(trust::ChainName::clinic(), remove));
    return client_.session().after_change();
}

Result<std::optional<Hash>> Administration::change_role(
    const StaffName& account, std::string_view role_name
) {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto role, staff_role(role_name));
    return submit_for_two(trust::RoleChange{.account = Account::staff(account), .role = role});
}

Result<std::optional<Hash>> Administration::submit_for_two(const trust::StatementData& data) {
    auto& session = client_.session();
    WARDLINE_TRY(const auto seq, session.chains.submit(trust::ChainName::clinic(), data));
    for (const auto* proposal :
         session.chains.clinic().open_proposals(session.environment.clock.now())) {
        if (proposal->seq == seq) return std::optional{proposal->hash};
    }
    return std::optional<Hash>{};
}

Result<std::uint32_t> Administration::audit_retention() {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(client_.session().chains.update_clinic());
    return client_.session().chains.clinic().audit_retention_days();
}

Result<std::optional<Hash>> Administration::set_audit_retention(std::uint32_t days) {
    WARDLINE_TRY(client_.connect());
    return submit_for_two(trust::AuditRetention{.days = days});
}

Result<std::optional<Hash>> Administration::propose_audit_erasure(
    const PatientId& patient, Seq from, Seq to, trust::ErasureReason reason
) {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto* chain, client_.session().thread_of(patient));
    return submit_for_two(
        trust::AuditErase{.thread = chain->thread(), .from = from, .to = to, .reason = reason}
    );
}

Result<std::vector<ProposalInfo>> Administration::proposals() {
    WARDLINE_TRY(client_.connect());
    auto& session = client_.session();
    const auto& clinic = session.chains.clinic();
    std::vector<ProposalInfo> out;
    for (const auto* proposal : clinic.open_proposals(session.environment.clock.now())) {
        const auto what = std::visit(ProposalWords{}, proposal->what);
        ProposalInfo info{
            .hash = proposal->hash,
            .type = what.type,
            .summary = what.summary,
            .author = proposal->author,
            .time = proposal->at,
            .state = "open",
            .root_may_approve = proposal->author && !clinic.two_people() && clinic.approvers() <= 1
        };
        out.push_back(std::move(info));
    }
    return out;
}

Result<void> Administration::approve(
    const Hash& proposal, const std::optional<SigningSecret>& root
) {
    WARDLINE_TRY(client_.connect());
    auto& session = client_.session();
    const auto& clinic = session.chains.clinic();
    const auto* record = clinic.proposal(proposal);
    if (!record) return Error{Code::not_found, "there is no such proposal"};
    if (!root && record->author == session.self.account) {
        return Error{
            Code::forbidden,
            "a proposal is approved by somebody else than its author, or while nobody else can, "
            "with --root"
        };
    }
    if (root && crypto::signing_key_of(*root) != clinic.genesis().root) {
        return Error{Code::usage, "that is not the root key of this clinic"};
    }
    WARDLINE_TRY(session.chains.submit(
        trust::ChainName::clinic(), trust::Approve{.proposal = proposal}, root
    ));
    return session.after_change();
}

Result<void> Administration::object(const Hash& proposal) {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(client_.session().chains.submit(
        trust::ChainName::clinic(), trust::Object{.proposal = proposal}
    ));
    return success();
}

Result<std::vector<ChainLine>> Administration::chain(const std::optional<PatientId>& patient) {
    WARDLINE_TRY(client_.connect());
    auto& session = client_.session();
    if (patient) {
        WARDLINE_TRY(session.chains.update_patient(*patient));
    } else {
        WARDLINE_TRY(session.chains.update_clinic());
    }
    const auto name = patient ? trust::ChainName::patient(*patient) : trust::ChainName::clinic();
    WARDLINE_TRY(const auto statements, session.chains.statements(name));
    const trust::PatientChain* patient_chain = nullptr;
    if (patient) {
        WARDLINE_TRY(patient_chain, session.chains.known_patient(*patient));
    }
    std::vector<ChainLine> out;
    for (const auto& located : statements) {
        out.push_back(ChainLine{
            .pos = located.statement.pos(),
            .seq = located.seq,
            .time = located.time,
            .type = std::string{located.statement.type()},
            .by = signer_of(located.statement, session.chains.clinic(), patient_chain),
            .summary = summary_of(located.statement.data()),
            .hash = located.statement.hash()
        });
    }
    return out;
}

Result<std::vector<RetentionUnit>> Administration::retention_preview() {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto answer, client_.session().link.request("retention-preview"));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* units, reader.array("units", kUnitsMax));
    std::vector<RetentionUnit> out;
    for (const auto& item : *units) {
        WARDLINE_TRY(auto map, cbor::MapReader::over(item));
        WARDLINE_TRY(const auto text, map.text("patient", 64));
        WARDLINE_TRY(const auto patient, PatientId::parse(text));
        RetentionUnit unit{
            .patient_id = patient, .thread = {}, .message_class = {}, .day = {}, .due = {}
        };
        WARDLINE_TRY(unit.thread, map.fixed<ThreadId>("thread"));
        WARDLINE_TRY(unit.message_class, map.text("class", 32));
        WARDLINE_TRY(unit.day, map.text("day", 16));
        WARDLINE_TRY(unit.messages, map.uint("messages"));
        WARDLINE_TRY(unit.due.ms, map.uint("due"));
        out.push_back(std::move(unit));
    }
    return out;
}

Result<RetentionRun> Administration::retention_run() {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto answer, client_.session().link.request("retention-run"));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    RetentionRun out;
    WARDLINE_TRY(out.units, reader.uint("units"));
    WARDLINE_TRY(out.messages, reader.uint("messages"));
    WARDLINE_TRY(out.seq, reader.uint("seq"));
    return out;
}

Result<std::vector<std::pair<std::string, std::string>>> Administration::server_status() {
    WARDLINE_TRY(client_.connect());
    WARDLINE_TRY(const auto answer, client_.session().link.request("status"));
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [key, value] : answer.items()) {
        if (key == "t" || key == "id") continue;
        if (value.is_string()) out.emplace_back(key, value.get<std::string>());
        if (value.is_number()) out.emplace_back(key, value.dump());
        if (value.is_array()) out.emplace_back(key, std::to_string(value.size()));
    }
    return out;
}

}  // namespace wardline::client
