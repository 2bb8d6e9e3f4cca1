#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/capability.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/chain_positions.hpp"
#include "protocol/trust/device_keys.hpp"
#include "protocol/trust/epoch_history.hpp"
#include "protocol/trust/statement.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

// The clinic's chain, verified: who is who, in which team, with which keys, at any entry of the
// journal. docs/protocol.md sections 3 and 4. A value without locks: one thread at a time, or many
// readers. Pointers and references into it are good until the next apply().
namespace wardline::trust {

constexpr std::size_t kAccountsMax = 256;        // Live or invited staff accounts.
constexpr std::size_t kStaffDevicesMax = 1'024;  // Live ones.
constexpr std::size_t kClinicTeamsMax = 256;
constexpr std::uint64_t kDayMs = 24ULL * 60 * 60 * 1000;
constexpr std::uint64_t kInviteMsMax = 30 * kDayMs;
constexpr std::uint64_t kObjectionMs = 7 * kDayMs;

// A staff account that has, or had, a device.
struct AccountRecord {
    struct RoleSince {
        Seq seq{0};  // The entry that made it so.
        Role role{};
    };
    Account account;
    Seq since{0};                   // The first grant.
    std::vector<RoleSince> roles;   // Rising.
    std::vector<DeviceId> devices;  // All that it ever had.
    std::optional<Seq> disabled;

    bool live_at(Seq at) const noexcept { return since < at && !(disabled && *disabled < at); }
    // Only where live_at(at).
    Role role_at(Seq at) const noexcept;
};

// A device's time in a team.
struct Membership {
    DeviceId device;
    Seq from{0};
    std::optional<Seq> until;
    bool at(Seq seq) const noexcept { return from < seq && !(until && *until < seq); }
};

struct TeamRecord {
    struct Founder {
        Account account;
        std::optional<Seq> removed;
    };
    TeamName name;
    Seq created{0};
    std::vector<Founder> founders;
    std::vector<Membership> members;
    EpochHistory epochs;

    bool has_member(const DeviceId& device, Seq at = kNow) const noexcept;
    // Sorted.
    std::vector<DeviceId> members_at(Seq at = kNow) const;
};

enum class InviteState : std::uint8_t {
    open,
    pending,  // A proposal that does not count yet.
    used,     // By its grant, or by another invite's for the same new account.
    expired,
    closed,  // Objected to, or its account was disabled.
};

struct InviteRecord {
    Hash hash;
    Seq seq{0};
    Instant at;  // The entry's time.
    Invite invite;
    std::optional<DeviceId> issuer;  // None: root.
    bool further_device{false};      // For an account that had a device already.
    std::optional<Seq> used;
    std::optional<DeviceId> device;  // That used it.
    std::optional<Seq> closed;
};

using Proposed = std::variant<Invite, RoleChange, AuditRetention, AuditErase>;

struct ProposalRecord {
    Hash hash;
    std::uint64_t pos{0};
    Seq seq{0};
    Instant at;
    std::optional<Account> author;  // None: root.
    Proposed what;
    std::optional<Seq> approved;
    std::optional<Seq> objected;

    // From when on it counts without an approval: root's alone, and unless someone objects.
    std::optional<Instant> counts_by_itself() const;
    bool counts(Instant now) const;
    bool open(Instant now) const { return !objected && !counts(now); }
};

class ClinicChain : public ChainPositions {
public:
    // An empty chain; genesis decides the clinic. A client that knows the clinic, or the server
    // once set up, passes its id, and another clinic's genesis is then refused.
    ClinicChain() = default;
    explicit ClinicChain(const ClinicId& expected) : clinic_{expected} {}

    // Whether the statement may stand at that entry: the whole of sections 3 and 4. Codes:
    // `chain_moved` (with `pos`, `hash`) for another position or predecessor, `bad_signature`,
    // `forbidden` for a signer who may not, `invite_…`, `too_large`, and `bad_statement`.
    Result<void> check(const LocatedStatement& located, Signatures signatures = Signatures::verify)
        const;
    // check(), then takes it into account. On an error nothing has changed.
    Result<void> apply(const LocatedStatement& located, Signatures signatures = Signatures::verify);

    // What a new statement of this chain has to say about its place.
    StatementFields draft(Instant time, StatementData data) const;

    const ClinicId& clinic() const noexcept { return *clinic_; }
    const Genesis& genesis() const noexcept { return *genesis_; }
    Hash genesis_hash() const { return *hash_at(0); }

    const DeviceRecord* device(const DeviceId& id) const;
    // By its signing key.
    const DeviceRecord* device(const SigningKey& key) const;
    bool live(const DeviceId& id, Seq at = kNow) const;
    // Staff devices, live at that seq, sorted by id.
    std::vector<const DeviceRecord*> live_devices(Seq at = kNow) const;
    std::vector<const DeviceRecord*> live_devices_of(const Account& account, Seq at = kNow) const;
    // Whether a device, invite or the clinic has this key: a key is never used twice.
    bool knows_key(const SigningKey& key, Seq at = kNow) const;
    bool knows_keys(const DeviceKeys& keys, Seq at = kNow) const;

    const AccountRecord* account(const Account& account) const;
    const std::map<Account, AccountRecord>& accounts() const noexcept { return accounts_; }
    // Empty where the account is not live at that seq.
    Capabilities capabilities(const Account& account, Seq at = kNow) const;
    // Of the device's account; empty where the device is not live.
    Capabilities capabilities(const DeviceId& device, Seq at = kNow) const;

    const TeamRecord* team(const TeamName& name) const;
    const std::map<TeamName, TeamRecord>& teams() const noexcept { return teams_; }
    bool in_team(const DeviceId& device, const TeamName& team, Seq at = kNow) const;
    // Accounts with a device in the team, sorted.
    std::vector<Account> team_accounts(const TeamName& team, Seq at = kNow) const;
    // The team and the epoch whose statement has this hash.
    struct FoundEpoch {
        const TeamRecord* team;
        const EpochRecord* epoch;
    };
    std::optional<FoundEpoch> epoch(const Hash& hash) const;
    // The devices that the team's next epoch has to be for, sorted: its members, or before the
    // first epoch all live devices of its founders.
    std::vector<DeviceId> next_epoch_devices(const TeamName& team) const;
    // Whether this device may make the team's next epoch now.
    bool may_make_epoch(const DeviceId& device, const TeamName& team) const;

    const InviteRecord* invite(const Hash& statement) const;
    const InviteRecord* invite(const InviteHandle& handle) const;
    std::vector<const InviteRecord*> invites() const;
    InviteState state(const InviteRecord& invite, Instant now) const;

    const ProposalRecord* proposal(const Hash& statement) const;
    // In the order of the chain.
    std::vector<const ProposalRecord*> open_proposals(Instant now) const;
    // Whether two accounts have held `approve` at once: from then on two people are needed for
    // ever.
    bool two_people() const noexcept { return two_people_since_.has_value(); }
    // Live accounts with `approve` and a live device.
    std::size_t approvers() const;

    // How long details of entries are kept: as a statement says that counts, or a year longer than
    // genesis keeps any content.
    std::uint32_t audit_retention_days() const;
    // The decisions to erase that count, in the order of the chain: proposals of AuditErase.
    std::vector<const ProposalRecord*> audit_erasures() const;
    // Whether details of an entry of the thread may be gone by now: erased by a decision, or older
    // than they were ever kept for.
    bool details_may_be_erased(const ThreadId& thread, Seq seq, Instant written, Instant now) const;

private:
    friend class ClinicRules;

    void commit(const LocatedStatement& located);
    void commit(const LocatedStatement& located, const Genesis& genesis);
    void commit(const LocatedStatement& located, const Grant& grant);
    void commit(const LocatedStatement& located, const Invite& invite);
    void commit(const LocatedStatement& located, const RoleChange& change);
    void commit(const LocatedStatement& located, const TeamCreate& create);
    void commit(const LocatedStatement& located, const Admit& admit);
    void commit(const LocatedStatement& located, const Epoch& epoch);
    void commit(const LocatedStatement& located, const TeamRemove& remove);
    void commit(const LocatedStatement& located, const Revoke& revoke);
    void commit(const LocatedStatement& located, const Disable& disable);
    void commit(const LocatedStatement& located, const Approve& approve);
    void commit(const LocatedStatement& located, const Object& object);
    void commit(const LocatedStatement& located, const AuditRetention& retention);
    void commit(const LocatedStatement& located, const AuditErase& erase);

    void propose(const LocatedStatement& located, Proposed what);
    void keep_details_for(std::uint32_t days);
    void revoke_device(const DeviceId& device, Seq seq);
    static void remove_from_team(TeamRecord& team, const DeviceId& device, Seq seq);

    std::optional<ClinicId> clinic_;
    std::optional<Genesis> genesis_;
    std::unordered_map<DeviceId, DeviceRecord> devices_;
    std::map<Account, AccountRecord> accounts_;
    std::map<TeamName, TeamRecord> teams_;
    std::map<Hash, InviteRecord> invites_;
    std::map<SigningKey, Hash> invite_keys_;
    std::map<Hash, ProposalRecord> proposals_;
    std::map<Hash, TeamName> epoch_teams_;
    std::optional<Seq> two_people_since_;
    std::optional<std::uint32_t> audit_retention_days_;
    std::uint32_t audit_retention_shortest_{UINT32_MAX};  // Of all that a statement ever said.
};

}  // namespace wardline::trust
