#pragma once

#include "clients/core/client.hpp"
#include "clients/core/types.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/trust/statement_data.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// What wardline-admin does with a logged-in client: acts of authority, each a statement signed by
// this device. The rules are checked here before anything is sent, so that a refusal is a sentence.
namespace wardline::client {

struct StaffInfo {
    Account account;
    std::string role;
    std::vector<std::string> teams;
    std::size_t live_devices{0};
    bool disabled{false};
    bool invited{false};  // An invite is open and nobody has used it yet.
};

struct ProposalInfo {
    Hash hash;
    std::string type;
    std::string summary;            // One line for people.
    std::optional<Account> author;  // Of the proposing device; nothing: the root key.
    Instant time;
    std::string state;  // "open", "counts", "objected"
    bool root_may_approve{false};
};

struct ChainLine {
    std::uint64_t pos{0};
    Seq seq{0};
    Instant time;
    std::string type;
    std::string by;       // Account, "root key" or "invite".
    std::string summary;  // One line for people.
    Hash hash;
};

struct RetentionUnit {
    PatientId patient_id;
    ThreadId thread;
    std::string message_class;
    std::string day;  // YYYY-MM-DD, UTC
    std::uint64_t messages{0};
    Instant due;
};
struct RetentionRun {
    std::uint64_t units{0};
    std::uint64_t messages{0};
    Seq seq{0};
};

class Administration {
public:
    explicit Administration(Client& client) : client_{client} {}  // The client outlives it.

    Result<InviteInfo> invite_staff(
        const StaffName& account,
        std::string_view role,
        const std::vector<TeamName>& teams,
        Milliseconds lifetime = std::chrono::hours{7 * 24}
    );
    Result<std::vector<StaffInfo>> staff();
    Result<void> disable(const StaffName& account);
    Result<void> create_team(const TeamName& team, const std::vector<StaffName>& founders);
    Result<void> remove_from_team(const TeamName& team, const StaffName& account);
    // `reception`, `clinician`, … : answers the proposal when it needs a second person, nothing
    // when it counts at once.
    Result<std::optional<Hash>> change_role(const StaffName& account, std::string_view role);

    Result<std::vector<ProposalInfo>> proposals();
    // By this device, or by the root key while that may stand in (root from read_sealed_key()).
    Result<void> approve(
        const Hash& proposal, const std::optional<SigningSecret>& root = std::nullopt
    );
    Result<void> object(const Hash& proposal);

    // How long details of the trail are kept, in days, and another time from now on. Answers the
    // proposal when it is a shorter one, nothing when it counts at once.
    Result<std::uint32_t> audit_retention();
    Result<std::optional<Hash>> set_audit_retention(std::uint32_t days);
    // That details of entries from..to about the patient are erased: a proposal.
    Result<std::optional<Hash>> propose_audit_erasure(
        const PatientId& patient, Seq from, Seq to, trust::ErasureReason reason
    );

    Result<std::vector<ChainLine>> chain(const std::optional<PatientId>& patient);
    Result<std::vector<RetentionUnit>> retention_preview();
    Result<RetentionRun> retention_run();
    // The server's own `status` answer as a map, for showing.
    Result<std::vector<std::pair<std::string, std::string>>> server_status();

private:
    // A statement of the clinic's chain; the proposal that it is, if it is one.
    Result<std::optional<Hash>> submit_for_two(const trust::StatementData& data);

    Client& client_;
};

}  // namespace wardline::client
