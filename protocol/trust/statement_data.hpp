#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/capability.hpp"
#include "protocol/trust/class.hpp"
#include "protocol/trust/device_keys.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What statements say: one struct a type. docs/protocol.md sections 4 and 5. Values; the sizes and
// forms given here are checked when a statement is parsed, the rules when a chain applies it.
namespace wardline::trust {

constexpr std::size_t kTeamsMax = 8;      // On a thread, and in an invite.
constexpr std::size_t kFoundersMax = 16;  // Of a team.
constexpr std::size_t kClinicNameBytesMax = 100;
constexpr std::uint32_t kRetentionDaysMax = 36'500;
constexpr std::uint32_t kAuditExtraDays = 365;  // Beyond the longest period of genesis.

// Days, by class.
using RetentionDays = std::array<std::uint32_t, kAllClasses.size()>;
constexpr std::uint32_t days_for(const RetentionDays& days, MessageClass message_class) noexcept {
    return days[static_cast<std::size_t>(message_class)];
}

struct Genesis {
    std::string name;  // 1 to 100 bytes of UTF-8 without control characters.
    SigningKey root;
    BoxKey vault;
    SigningKey audit;
    Hash tls;  // SHA-256 of the server key's SubjectPublicKeyInfo.
    RetentionDays retention{};
    bool operator==(const Genesis&) const = default;
};

struct Grant {
    Account account;
    Role role{};
    DeviceKeys device;
    Signature pop;
    std::optional<Hash> invite;  // Absent when root grants.
    bool operator==(const Grant&) const = default;
};

// In a patient's chain: `role` is patient and `teams` is empty; neither is written.
struct Invite {
    Account account;
    Role role{};
    std::vector<TeamName> teams;
    SigningKey key;
    Instant expires;
    bool operator==(const Invite&) const = default;
};

struct RoleChange {
    Account account;
    Role role{};
    bool operator==(const RoleChange&) const = default;
};

struct TeamCreate {
    TeamName team;
    std::vector<Account> founders;
    bool operator==(const TeamCreate&) const = default;
};

// `team`: absent in a patient's chain. `box`: hash_of_boxes() of the one box that goes with it.
struct Admit {
    std::optional<TeamName> team;
    DeviceId device;
    Hash epoch;
    Hash box;
    bool operator==(const Admit&) const = default;
};

// `team`: absent in a patient's chain.
struct Epoch {
    std::optional<TeamName> team;
    std::uint64_t number{1};
    BoxKey key;
    Hash prev;                      // Of the epoch statement before; zeros for the first.
    std::vector<DeviceId> devices;  // Sorted, none twice.
    Hash boxes;
    bool operator==(const Epoch&) const = default;
};

struct TeamRemove {
    TeamName team;
    Account account;
    bool operator==(const TeamRemove&) const = default;
};

struct Revoke {
    DeviceId device;
    bool operator==(const Revoke&) const = default;
};

struct Disable {
    Account account;
    bool operator==(const Disable&) const = default;
};

struct Approve {
    Hash proposal;
    bool operator==(const Approve&) const = default;
};

struct Object {
    Hash proposal;
    bool operator==(const Object&) const = default;
};

struct PatientOpen {
    PatientId patient;
    ThreadId thread;
    std::vector<TeamName> teams;
    bool operator==(const PatientOpen&) const = default;
};

struct IdentityConfirm {
    DeviceId device;
    std::string fingerprint;  // As device_fingerprint() shows it.
    bool operator==(const IdentityConfirm&) const = default;
};

// How long the details of entries are kept, whatever content they were about.
struct AuditRetention {
    std::uint32_t days{0};  // 1 to 36,500.
    bool operator==(const AuditRetention&) const = default;
};

enum class ErasureReason : std::uint8_t { subject_request, court_order, filed_in_error };
std::string_view name_of(ErasureReason reason) noexcept;  // "subject-request" ….
Result<ErasureReason> parse_erasure_reason(std::string_view name);

// A decision that details of entries about a thread are erased before their time. The thread's
// random id stands for the patient, because every patient can read this chain.
struct AuditErase {
    ThreadId thread;
    Seq from{1};
    Seq to{1};
    ErasureReason reason{};
    bool operator==(const AuditErase&) const = default;
};

using StatementData = std::variant<
    Genesis,
    Grant,
    Invite,
    RoleChange,
    TeamCreate,
    Admit,
    Epoch,
    TeamRemove,
    Revoke,
    Disable,
    Approve,
    Object,
    PatientOpen,
    IdentityConfirm,
    AuditRetention,
    AuditErase>;

// The `type` of a statement with this data: "genesis", "team-remove" ….
std::string_view type_name(const StatementData& data) noexcept;

}  // namespace wardline::trust
