#include "protocol/trust/statement_codec.hpp"

#include "protocol/base/encoding.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace wardline::trust {
namespace {

using cbor::binary;
using cbor::Json;
using cbor::MapReader;

constexpr std::size_t kAccountBytesMax = 66;
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kWordBytesMax = 32;
constexpr std::size_t kFingerprintBytesMax = 64;
constexpr std::size_t kEpochDevicesMax = 1'024;
constexpr std::array<std::string_view, 3> kReasons{
    "subject-request", "court-order", "filed-in-error"
};

Error malformed(const char* why) {
    return Error{Code::bad_statement, why};
}

// ---- Reading ----

Result<Account> read_account(MapReader& reader) {
    WARDLINE_TRY(const auto text, reader.text("account", kAccountBytesMax));
    return Account::parse(text);
}

Result<Account> read_staff_account(MapReader& reader) {
    WARDLINE_TRY(auto account, read_account(reader));
    if (!account.is_staff()) return malformed("not an account of staff");
    return account;
}

Result<Role> read_role(MapReader& reader) {
    WARDLINE_TRY(const auto text, reader.text("role", kWordBytesMax));
    return parse_role(text);
}

Result<TeamName> read_team(MapReader& reader) {
    WARDLINE_TRY(const auto text, reader.text("team", kNameBytesMax));
    return TeamName::parse(text);
}

// Only in the clinic's chain: a patient's account needs no name in its own.
Result<std::optional<TeamName>> read_team_in(MapReader& reader, const ChainName& chain) {
    if (!chain.is_clinic()) return std::optional<TeamName>{};
    WARDLINE_TRY(auto team, read_team(reader));
    return std::optional<TeamName>{std::move(team)};
}

Result<std::vector<TeamName>> read_teams(MapReader& reader) {
    WARDLINE_TRY(const auto list, reader.array("teams", kTeamsMax));
    std::vector<TeamName> teams;
    for (const auto& item : *list) {
        const auto* text = item.get_ptr<const std::string*>();
        if (text == nullptr) return malformed("a team that is not text");
        WARDLINE_TRY(auto team, TeamName::parse(*text));
        if (std::find(teams.begin(), teams.end(), team) != teams.end()) {
            return malformed("a team that is named twice");
        }
        teams.push_back(std::move(team));
    }
    return teams;
}

Result<DeviceKeys> read_device_keys(MapReader& reader) {
    WARDLINE_TRY(const auto map, reader.map("device"));
    WARDLINE_TRY(auto keys, MapReader::over(*map));
    DeviceKeys out;
    WARDLINE_TRY(out.signing, keys.fixed<SigningKey>("signing"));
    WARDLINE_TRY(out.identity, keys.fixed<IdentityKey>("identity"));
    WARDLINE_TRY(out.box, keys.fixed<BoxKey>("box"));
    WARDLINE_TRY(keys.finish());
    return out;
}

Result<RetentionDays> read_retention(MapReader& reader) {
    WARDLINE_TRY(const auto map, reader.map("retention"));
    WARDLINE_TRY(auto classes, MapReader::over(*map));
    RetentionDays days{};
    for (const auto message_class : kAllClasses) {
        WARDLINE_TRY(const auto value, classes.uint(name_of(message_class), kRetentionDaysMax));
        if (value == 0) return malformed("a retention of no days");
        days[static_cast<std::size_t>(message_class)] = static_cast<std::uint32_t>(value);
    }
    WARDLINE_TRY(classes.finish());
    return days;
}

// C0, DEL and C1, which in UTF-8 begins with c2.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
            return true;
        }
    }
    return false;
}

Result<StatementData> read_genesis(MapReader& reader, const ChainName&) {
    Genesis out;
    WARDLINE_TRY(out.name, reader.text("name", kClinicNameBytesMax));
    if (out.name.empty() || has_control_character(out.name) || !is_utf8(as_bytes(out.name))) {
        return malformed("the clinic's name is empty or has control characters");
    }
    WARDLINE_TRY(out.root, reader.fixed<SigningKey>("root"));
    WARDLINE_TRY(out.vault, reader.fixed<BoxKey>("vault"));
    WARDLINE_TRY(out.audit, reader.fixed<SigningKey>("audit"));
    WARDLINE_TRY(out.tls, reader.fixed<Hash>("tls"));
    WARDLINE_TRY(out.retention, read_retention(reader));
    return StatementData{std::move(out)};
}

Result<StatementData> read_grant(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(auto account, read_account(reader));
    WARDLINE_TRY(const auto role, read_role(reader));
    WARDLINE_TRY(const auto keys, read_device_keys(reader));
    WARDLINE_TRY(const auto pop, reader.fixed<Signature>("pop"));
    std::optional<Hash> invite;
    if (reader.has("invite")) {
        WARDLINE_TRY(invite, reader.fixed<Hash>("invite"));
    }
    return StatementData{Grant{std::move(account), role, keys, pop, invite}};
}

Result<StatementData> read_invite(MapReader& reader, const ChainName& chain) {
    WARDLINE_TRY(auto account, read_account(reader));
    Role role = Role::patient;
    std::vector<TeamName> teams;
    if (chain.is_clinic()) {
        WARDLINE_TRY(role, read_role(reader));
        WARDLINE_TRY(teams, read_teams(reader));
    }
    WARDLINE_TRY(const auto key, reader.fixed<SigningKey>("key"));
    WARDLINE_TRY(const auto expires, reader.uint("expires"));
    return StatementData{Invite{std::move(account), role, std::move(teams), key, Instant{expires}}};
}

Result<StatementData> read_role_change(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(auto account, read_staff_account(reader));
    WARDLINE_TRY(const auto role, read_role(reader));
    return StatementData{RoleChange{std::move(account), role}};
}

Result<StatementData> read_team_create(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(auto team, read_team(reader));
    WARDLINE_TRY(const auto list, reader.array("founders", kFoundersMax));
    std::vector<Account> founders;
    for (const auto& item : *list) {
        const auto* text = item.get_ptr<const std::string*>();
        if (text == nullptr) return malformed("a founder that is not text");
        WARDLINE_TRY(auto account, Account::parse(*text));
        const bool twice = std::find(founders.begin(), founders.end(), account) != founders.end();
        if (!account.is_staff() || twice)
            return malformed("a founder that is named twice or no staff");
        founders.push_back(std::move(account));
    }
    if (founders.empty()) return malformed("a team without founders");
    return StatementData{TeamCreate{std::move(team), std::move(founders)}};
}

Result<StatementData> read_admit(MapReader& reader, const ChainName& chain) {
    WARDLINE_TRY(auto team, read_team_in(reader, chain));
    WARDLINE_TRY(const auto device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(const auto epoch, reader.fixed<Hash>("epoch"));
    WARDLINE_TRY(const auto box, reader.fixed<Hash>("box"));
    return StatementData{Admit{std::move(team), device, epoch, box}};
}

Result<StatementData> read_epoch(MapReader& reader, const ChainName& chain) {
    Epoch out;
    WARDLINE_TRY(out.team, read_team_in(reader, chain));
    WARDLINE_TRY(out.number, reader.uint("number"));
    WARDLINE_TRY(out.key, reader.fixed<BoxKey>("key"));
    WARDLINE_TRY(out.prev, reader.fixed<Hash>("prev"));
    WARDLINE_TRY(const auto list, reader.array("devices", kEpochDevicesMax));
    for (const auto& item : *list) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, DeviceId::kSize));
        WARDLINE_TRY(const auto device, DeviceId::from(raw));
        if (!out.devices.empty() && !(out.devices.back() < device)) {
            return malformed("devices that are not sorted");
        }
        out.devices.push_back(device);
    }
    WARDLINE_TRY(out.boxes, reader.fixed<Hash>("boxes"));
    return StatementData{std::move(out)};
}

Result<StatementData> read_team_remove(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(auto team, read_team(reader));
    WARDLINE_TRY(auto account, read_staff_account(reader));
    return StatementData{TeamRemove{std::move(team), std::move(account)}};
}

Result<StatementData> read_revoke(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto device, reader.fixed<DeviceId>("device"));
    return StatementData{Revoke{device}};
}

Result<StatementData> read_disable(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(auto account, read_staff_account(reader));
    return StatementData{Disable{std::move(account)}};
}

Result<StatementData> read_approve(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto proposal, reader.fixed<Hash>("proposal"));
    return StatementData{Approve{proposal}};
}

Result<StatementData> read_object(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto proposal, reader.fixed<Hash>("proposal"));
    return StatementData{Object{proposal}};
}

Result<StatementData> read_patient_open(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto text, reader.text("patient", kNameBytesMax));
    WARDLINE_TRY(auto patient, PatientId::parse(text));
    WARDLINE_TRY(const auto thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(auto teams, read_teams(reader));
    if (teams.empty()) return malformed("a thread without a team");
    return StatementData{PatientOpen{std::move(patient), thread, std::move(teams)}};
}

Result<StatementData> read_identity_confirm(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(auto fingerprint, reader.text("fingerprint", kFingerprintBytesMax));
    return StatementData{IdentityConfirm{device, std::move(fingerprint)}};
}

Result<StatementData> read_audit_retention(MapReader& reader, const ChainName&) {
    WARDLINE_TRY(const auto days, reader.uint("days", kRetentionDaysMax));
    if (days == 0) return malformed("a retention of no days");
    return StatementData{AuditRetention{static_cast<std::uint32_t>(days)}};
}

Result<StatementData> read_audit_erase(MapReader& reader, const ChainName&) {
    AuditErase out;
    WARDLINE_TRY(out.thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(out.from, reader.uint("from", INT64_MAX));
    WARDLINE_TRY(out.to, reader.uint("to", INT64_MAX));
    if (out.from == 0 || out.to < out.from) return malformed("not a range of entries");
    WARDLINE_TRY(const auto reason, reader.text("reason", kWordBytesMax));
    WARDLINE_TRY(out.reason, parse_erasure_reason(reason));
    return StatementData{out};
}

// Which types a chain has, and who reads their data.
struct Type {
    std::string_view name;
    bool in_clinic;
    bool in_patient;
    Result<StatementData> (*read)(MapReader&, const ChainName&);
};
constexpr std::array kTypes = {
    Type{"genesis", true, false, read_genesis},
    Type{"grant", true, true, read_grant},
    Type{"invite", true, true, read_invite},
    Type{"role", true, false, read_role_change},
    Type{"team", true, false, read_team_create},
    Type{"admit", true, true, read_admit},
    Type{"epoch", true, true, read_epoch},
    Type{"team-remove", true, false, read_team_remove},
    Type{"revoke", true, true, read_revoke},
    Type{"disable", true, false, read_disable},
    Type{"approve", true, false, read_approve},
    Type{"object", true, false, read_object},
    Type{"patient", false, true, read_patient_open},
    Type{"identity-confirm", false, true, read_identity_confirm},
    Type{"audit-retention", true, false, read_audit_retention},
    Type{"audit-erase", true, false, read_audit_erase},
};
static_assert(kTypes.size() == std::variant_size_v<StatementData>);

// ---- Writing ----

Json teams_to_json(const std::vector<TeamName>& teams) {
    auto list = Json::array();
    for (const auto& team : teams) list.push_back(team.text());
    return list;
}

// Optional keys are added where they belong.
class Write {
public:
    explicit Write(const ChainName& chain) : in_clinic_{chain.is_clinic()} {}

    Json operator()(const Genesis& data) const {
        auto retention = Json::object();
        for (const auto message_class : kAllClasses) {
            retention[std::string{name_of(message_class)}] =
                days_for(data.retention, message_class);
        }
        return {
            {"name", data.name},
            {"root", binary(data.root.view())},
            {"vault", binary(data.vault.view())},
            {"audit", binary(data.audit.view())},
            {"tls", binary(data.tls.view())},
            {"retention", std::move(retention)}
        };
    }
    Json operator()(const Grant& data) const {
        Json keys = {
            {"signing", binary(data.device.signing.view())},
            {"identity", binary(data.device.identity.view())},
            {"box", binary(data.device.box.view())}
        };
        Json map = {
            {"account", data.account.text()},
            {"role", name_of(data.role)},
            {"device", std::move(keys)},
            {"pop", binary(data.pop.view())}
        };
        if (data.invite) map["invite"] = binary(data.invite->view());
        return map;
    }
    Json operator()(const Invite& data) const {
        Json map = {
            {"account", data.account.text()},
            {"key", binary(data.key.view())},
            {"expires", data.expires.ms}
        };
        if (in_clinic_) {
            map["role"] = name_of(data.role);
            map["teams"] = teams_to_json(data.teams);
        }
        return map;
    }
    Json operator()(const RoleChange& data) const {
        return {{"account", data.account.text()}, {"role", name_of(data.role)}};
    }
    Json operator()(const TeamCreate& data) const {
        auto founders = Json::array();
        for (const auto& account : data.founders) founders.push_back(account.text());
        return {{"team", data.team.text()}, {"founders", std::move(founders)}};
    }
    Json operator()(const Admit& data) const {
        Json map = {
            {"device", binary(data.device.view())},
            {"epoch", binary(data.epoch.view())},
            {"box", binary(data.box.view())}
        };
        if (data.team) map["team"] = data.team->text();
        return map;
    }
    Json operator()(const Epoch& data) const {
        auto devices = Json::array();
        for (const auto& device : data.devices) devices.push_back(binary(device.view()));
        Json map = {
            {"number", data.number},
            {"key", binary(data.key.view())},
            {"prev", binary(data.prev.view())},
            {"devices", std::move(devices)},
            {"boxes", binary(data.boxes.view())}
        };
        if (data.team) map["team"] = data.team->text();
        return map;
    }
    Json operator()(const TeamRemove& data) const {
        return {{"team", data.team.text()}, {"account", data.account.text()}};
    }
    Json operator()(const Revoke& data) const { return {{"device", binary(data.device.view())}}; }
    Json operator()(const Disable& data) const { return {{"account", data.account.text()}}; }
    Json operator()(const Approve& data) const {
        return {{"proposal", binary(data.proposal.view())}};
    }
    Json operator()(const Object& data) const {
        return {{"proposal", binary(data.proposal.view())}};
    }
    Json operator()(const PatientOpen& data) const {
        return {
            {"patient", data.patient.text()},
            {"thread", binary(data.thread.view())},
            {"teams", teams_to_json(data.teams)}
        };
    }
    Json operator()(const IdentityConfirm& data) const {
        return {{"device", binary(data.device.view())}, {"fingerprint", data.fingerprint}};
    }
    Json operator()(const AuditRetention& data) const { return {{"days", data.days}}; }
    Json operator()(const AuditErase& data) const {
        return {
            {"thread", binary(data.thread.view())},
            {"from", data.from},
            {"to", data.to},
            {"reason", name_of(data.reason)}
        };
    }

private:
    bool in_clinic_;
};

}  // namespace

std::string_view name_of(ErasureReason reason) noexcept {
    return kReasons[static_cast<std::size_t>(reason)];
}

Result<ErasureReason> parse_erasure_reason(std::string_view name) {
    const auto found = std::find(kReasons.begin(), kReasons.end(), name);
    if (found == kReasons.end()) return malformed("no such reason");
    return static_cast<ErasureReason>(found - kReasons.begin());
}

std::string_view type_name(const StatementData& data) noexcept {
    return kTypes[data.index()].name;
}

cbor::Json data_to_json(const StatementData& data, const ChainName& chain) {
    return std::visit(Write{chain}, data);
}

Result<StatementData> parse_data(
    std::string_view type, const ChainName& chain, const cbor::Json& map
) {
    for (const auto& known : kTypes) {
        if (known.name != type) continue;
        if (!(chain.is_clinic() ? known.in_clinic : known.in_patient)) break;
        WARDLINE_TRY(auto reader, MapReader::over(map));
        WARDLINE_TRY(auto data, known.read(reader, chain));
        WARDLINE_TRY(reader.finish());
        return data;
    }
    return malformed("a type of statement that this chain does not have");
}

}  // namespace wardline::trust
