#pragma once

#include "protocol/trust/statement.hpp"

#include <optional>
#include <set>
#include <vector>

// Who has authority in a clinic, told once more and as simply as can be: a list of the statements
// that stand, and questions that read it from the beginning each time. Written from
// docs/protocol.md sections 3 and 4, not from protocol/trust, whose verdicts it is compared with.
namespace wardline::model {

struct Fact {
    Seq seq{0};
    Instant time;       // Of the entry.
    Instant signed_at;  // The author's clock.
    Hash hash;
    SigningKey by;
    trust::StatementData data;
};

// Whether an invite neither is expired from the start nor lives longer than 30 days.
bool lives_right(const Fact& fact);

// A reader's newest epoch.
struct NewestEpoch {
    const Fact* fact{nullptr};
    bool live{false};
};

class ClinicModel {
public:
    // Whether the data may stand next, signed by that key. Place and signature are the caller's.
    bool allows(const Fact& next) const;
    void take(Fact fact) { facts_.push_back(std::move(fact)); }
    const std::vector<Fact>& facts() const { return facts_; }

    // All as of the entries before `at`.
    bool live(const DeviceId& device, Seq at = trust::kNow) const;
    trust::Capabilities may(const Account& account, Seq at = trust::kNow) const;
    trust::Capabilities may(const DeviceId& device, Seq at = trust::kNow) const;
    std::set<DeviceId> members(const TeamName& name, Seq at = trust::kNow) const;
    NewestEpoch epoch(const TeamName& name, Seq at = trust::kNow) const;
    std::set<DeviceId> next_epoch_devices(const TeamName& name) const;
    bool two_people() const;
    bool invite_is_open(const Fact& fact, Instant now) const;
    bool knows_key(const SigningKey& key, Seq at = trust::kNow) const;
    bool knows_keys(const trust::DeviceKeys& keys, Seq at = trust::kNow) const;
    const Fact* granted(const SigningKey& key) const;
    const Fact* granted(const DeviceId& device) const;
    const Fact* team(const TeamName& name, Seq at = trust::kNow) const;

private:
    bool allows_grant(const Fact& next, const trust::Grant& grant) const;
    bool allows_invite(const Fact& next, const trust::Invite& invite) const;
    bool allows_role(const Fact& next, const trust::RoleChange& change) const;
    bool allows_epoch(const Fact& next, const trust::Epoch& epoch) const;
    bool allows_admit(const Fact& next, const trust::Admit& admit) const;
    bool allows_approve(const Fact& next, const trust::Approve& approve) const;

    // The account that signed, if by a live device.
    std::optional<Account> signer(const SigningKey& by) const;
    bool signer_may(const Fact& next, trust::Capability capability) const;
    bool by_root(const Fact& next) const;
    bool account_live(const Account& account, Seq at = trust::kNow) const;
    std::optional<trust::Role> role(const Account& account, Seq at = trust::kNow) const;
    bool disabled(const Account& account, Seq at = trust::kNow) const;
    bool ever_known(const Account& account, Seq at = trust::kNow) const;
    bool live_or_invited(const Account& account, Instant now) const;
    std::size_t approvers(Seq at) const;
    bool last_approver_ends_itself(const Fact& next, const Account& account) const;
    bool is_proposal(const Fact& fact) const;
    // How long details of the trail are kept, as the facts before that seq say.
    std::uint32_t audit_days(Seq before) const;
    const Fact* proposal(const Hash& hash) const;
    bool counts(const Fact& what, Instant now) const;
    bool objected(const Hash& hash) const;
    bool approved(const Hash& hash) const;
    // The founders who have not been removed.
    std::set<Account> founders(const TeamName& name) const;

    std::vector<Fact> facts_;
};

}  // namespace wardline::model
