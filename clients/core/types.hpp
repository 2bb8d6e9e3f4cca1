#pragma once

#include "protocol/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What the client library hands to programs. Plain values; texts from others are raw and may be
// hostile: whoever shows them makes control characters visible first. Classes, roles and
// capabilities are the texts of docs/protocol.md section 1.
namespace wardline::client {

enum class MessageState : std::uint8_t {
    queued,     // Own, on this disk, not yet acknowledged by the server. seq is 0.
    sent,       // Own, acknowledged: it is in the journal.
    delivered,  // Own, and a device of the other side has it.
    read,       // Own, and a device of the other side has shown it.
    received,   // Somebody else's, verified.
    refused,    // Did not verify, or the server refused it for good. `reason` says why; `text` is
                // empty.
    expired,    // Its retention period is over. `text` is empty.
    notice,     // Staff only: something came, and the thread is not open. `text` is empty.
};
std::string_view name_of(MessageState state) noexcept;

struct Message {
    Seq seq{0};
    MessageId message_id;
    PatientId patient_id;
    ThreadId thread;
    Account author;
    DeviceId device;
    std::string message_class;
    Instant sent_at;                     // The author's clock: shown, never trusted.
    std::optional<Instant> received_at;  // The server's time; drives expiry.
    std::optional<Instant> expires_at;
    MessageState state{MessageState::received};
    std::string text;
    std::string reason;  // One sentence: why it was refused, or why it is queued still.
    std::optional<MessageId> corrects{};  // This message corrects that one.
    bool own{false};                      // Written by this account, on whichever device.
};

struct ThreadSummary {
    PatientId patient_id;
    ThreadId thread;
    std::vector<std::string> teams;
    Seq last_seq{0};
    std::optional<Instant> last_time;
    std::string last_class;  // Empty when nothing was written yet.
    Seq read{0};             // What this device has shown.
    bool unread() const noexcept { return last_seq > read; }
};

struct DeviceInfo {
    DeviceId id;
    Account account;
    std::string role;
    std::string fingerprint;  // As shown to people: 30 hex digits in groups of five.
    std::vector<std::string> teams;
    Instant granted_at;
    bool live{true};
    bool confirmed{true};  // Patient devices: reads. Staff devices: always true.
    bool own{false};       // This very device.
};

// An invite that was just made: the URI is the only copy of its secret.
struct InviteInfo {
    std::string uri;
    Account account;
    Instant expires_at;
    bool pending{false};  // It counts once another officer has approved `proposal`.
    Hash proposal;
};

struct ReceiptInfo {
    Account account;
    DeviceId device;
    Seq delivered{0};
    Seq read{0};
};

struct PeerVerification {
    DeviceInfo device;
    std::string safety_number;  // Of the two accounts: 60 digits in groups of five, the same on
                                // both sides. Empty for one's own.
};
struct VerifyInfo {
    std::string clinic_name;
    std::string clinic_fingerprint;
    std::string own_fingerprint;
    std::vector<PeerVerification> peers;
};

struct TeamStatus {
    std::string team;
    std::size_t devices{0};
    bool epoch_live{false};
    bool epoch_known{false};  // This device holds the team's key.
};

struct Status {
    ClinicId clinic;
    std::string clinic_name;
    std::string clinic_fingerprint;
    std::string server;  // host:port
    Account account;
    std::string role;
    DeviceId device;
    std::string device_fingerprint;
    bool online{false};
    bool confirmed{false};
    Seq head_seq{0};
    std::optional<Instant> head_time;
    std::size_t queued{0};
    std::vector<TeamStatus> teams;
    std::vector<std::string> warnings;  // Whole sentences, the most serious first.
};

// What watching brings.
struct MessageEvent {
    Message message;
};
struct NoticeEvent {
    PatientId patient_id;
    ThreadId thread;
    std::string message_class;
    Seq seq{0};
    Instant time;
};
struct ReceiptEvent {
    PatientId patient_id;
    ThreadId thread;
    ReceiptInfo receipt;
};
// A statement changed who may read or write: `type` is the statement's, `subject` an account, team
// or patient id.
struct ChangeEvent {
    std::string type;
    std::string subject;
    std::string sentence;
};
struct AlarmEvent {
    std::string sentence;
};
struct ConnectionEvent {
    bool online{false};
    std::string sentence;
};
using Event =
    std::variant<MessageEvent, NoticeEvent, ReceiptEvent, ChangeEvent, AlarmEvent, ConnectionEvent>;

using Milliseconds = std::chrono::milliseconds;

}  // namespace wardline::client
