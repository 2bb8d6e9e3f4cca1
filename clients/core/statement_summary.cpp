#include "clients/core/statement_summary.hpp"

namespace wardline::client {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

std::string with_team(const std::optional<TeamName>& team) {
    return team ? " of team " + team->text() : " of the patient";
}

template <class List>
std::string joined(const List& list) {
    std::string out;
    for (const auto& item : list) {
        if (!out.empty()) out += ", ";
        if constexpr (requires { item.name(); }) {
            out += item.name();
        } else {
            out += item.text();
        }
    }
    return out;
}

}  // namespace

std::string summary_of(const trust::StatementData& data) {
    return std::visit(
        Overloaded{
            [](const trust::Genesis& it) { return "the clinic " + it.name; },
            [](const trust::Grant& it) {
                return "a device for " + it.account.text() + " as " +
                       std::string{trust::name_of(it.role)} + ": " +
                       trust::device_id_of(it.device.signing).hex();
            },
            [](const trust::Invite& it) {
                return "an invite for " + it.account.text() + " as " +
                       std::string{trust::name_of(it.role)} +
                       (it.teams.empty() ? "" : " to " + joined(it.teams));
            },
            [](const trust::RoleChange& it) {
                return it.account.text() + " becomes " + std::string{trust::name_of(it.role)};
            },
            [](const trust::TeamCreate& it) {
                return "team " + it.team.text() + " of " + joined(it.founders);
            },
            [](const trust::Admit& it) {
                return "device " + it.device.hex() + " is admitted to the key" + with_team(it.team);
            },
            [](const trust::Epoch& it) {
                return "key " + std::to_string(it.number) + with_team(it.team) + " for " +
                       std::to_string(it.devices.size()) + " devices";
            },
            [](const trust::TeamRemove& it) {
                return it.account.text() + " leaves team " + it.team.text();
            },
            [](const trust::Revoke& it) { return "device " + it.device.hex() + " is revoked"; },
            [](const trust::Disable& it) { return it.account.text() + " is disabled"; },
            [](const trust::Approve& it) { return "approves " + it.proposal.hex().substr(0, 16); },
            [](const trust::Object& it) { return "objects to " + it.proposal.hex().substr(0, 16); },
            [](const trust::PatientOpen& it) {
                return "patient " + it.patient.text() + " with " + joined(it.teams);
            },
            [](const trust::IdentityConfirm& it) {
                return "device " + it.device.hex() + " is the patient's: " + it.fingerprint;
            },
            [](const trust::AuditRetention& it) {
                return "details of the audit trail are kept for " + std::to_string(it.days) +
                       " days";
            },
            [](const trust::AuditErase& it) {
                return "details of entries " + std::to_string(it.from) + " to " +
                       std::to_string(it.to) + " about thread " + it.thread.hex() +
                       " are erased: " + std::string{trust::name_of(it.reason)};
            }
        },
        data
    );
}

std::string signer_of(
    const trust::Statement& statement,
    const trust::ClinicChain& clinic,
    const trust::PatientChain* patient
) {
    if (statement.by() == clinic.genesis().root) return "root key";
    if (const auto* device = clinic.device(statement.by())) return device->account.text();
    if (const auto* device = patient ? patient->device(statement.by()) : nullptr)
        return device->account.text();
    return "invite";
}

}  // namespace wardline::client
