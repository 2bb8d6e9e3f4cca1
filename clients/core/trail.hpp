#pragma once

#include "audit/trail.hpp"
#include "audit/tree_head.hpp"
#include "audit/witness.hpp"
#include "clients/core/client.hpp"
#include "protocol/base/ids.hpp"

#include <optional>
#include <string>
#include <vector>

// The audit trail as an account with `read-audit` reads it from the server. The server writes down
// that it is read before it shows anything.
namespace wardline::client {

struct TrailQuestion {
    std::string act{"list"};  // "list", "show", "access", "verify", or the format of an export.
    std::optional<Seq> from;
    std::optional<Seq> to;
    std::optional<Instant> since;
    std::optional<Instant> until;  // Before then.
    std::vector<wire::EntryKind> kinds;
    std::optional<PatientId> patient;
    std::optional<Account> subject;
    std::optional<DeviceId> device;
    bool follow{false};  // Goes on with what comes.

    // Nothing is left out but what lies before the first entry.
    bool is_complete() const {
        return !to && !until && kinds.empty() && !patient && !subject && !device;
    }
};

class Trail {
public:
    // `forbidden` without `read-audit`, `not_found` for a patient or account that does not exist.
    // The client outlives it, and begins no other meanwhile.
    static Result<Trail> begin(Client& client, const TrailQuestion& question);

    Seq from() const noexcept { return from_; }
    Seq to() const noexcept { return to_; }
    // The newest head when the reading began, verified and proved to continue what this device has
    // seen; its size is to() of a complete reading.
    const audit::Witness& head() const noexcept { return head_; }
    // Frontier::hashes() of the tree before from(), as the server says.
    const std::vector<Hash>& before() const noexcept { return before_; }

    // The next entries, rising; empty at the end (of what there is yet, where it follows).
    Result<std::vector<audit::TrailEntry>> next();
    // Up to here everything that fits the question has been given.
    Seq reached() const noexcept { return reached_; }
    // Waits for the journal to grow, or for so long.
    Result<void> wait(Milliseconds limit);

private:
    explicit Trail(Client& client) : client_{&client} {}

    Client* client_;
    audit::Witness head_;
    std::vector<Hash> before_;
    Seq from_{1};
    Seq to_{0};
    Seq reached_{0};
    bool follows_{false};
};

// The newest head, verified as above. For anybody with a device.
Result<audit::Witness> newest_head(Client& client);
// Heads that the server keeps for good, of more than `after` entries, rising; as many as one answer
// holds. Signatures are not verified.
Result<std::vector<audit::SignedHead>> kept_heads(Client& client, std::uint64_t after);
// That this head, which somebody has kept, is of the same journal as the server's newest: a
// consistency proof. `trust_alarm` if it is not.
Result<void> check_witness(Client& client, const audit::Witness& witness);
struct EntryProof {
    audit::TreeHead head;
    std::vector<Hash> path;  // RFC 9162 section 2.1.3.
};
// That the entry, as it is, stands in the journal: its leaf and an inclusion proof are checked.
// `trust_alarm` otherwise.
Result<EntryProof> prove(Client& client, const audit::TrailEntry& entry);

// The clinic and audit key that heads of this client's clinic are signed for.
audit::Witness identity_of(Client& client);

}  // namespace wardline::client
