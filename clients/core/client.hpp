#pragma once

#include "clients/core/environment.hpp"
#include "clients/core/store_key.hpp"
#include "clients/core/types.hpp"
#include "protocol/base/result.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

// A device of a staff member or a patient, as a library. Synchronous: each call does its work and
// returns. All calls from one thread, except interrupt(). A connection's own thread is inside and
// never calls back.
//
// Errors are for people: `detail` is a whole sentence, `code` decides the exit code (local_store,
// unreachable, trust_alarm, usage, or a published code when the server or a rule refused).
namespace wardline::client {

struct ClientOptions {
    Milliseconds call_limit{30'000
    };  // How long one call may wait for the server before it is `unreachable`.
};

struct SendOptions {
    std::string message_class{"appointment"};
    std::optional<MessageId> corrects;  // Makes it a correction of that message.
};

struct HistoryPage {
    std::vector<Message> messages;  // Rising seq; queued ones last.
    bool more{false};  // There are older ones: pass the first message's seq as `before`.
};

class Session;  // Inside: shared by Client and Administration.

class Client {
public:
    // Opens the home of an enrolled device and takes its lock. `local_store` when there is none, it
    // is in use, others can read it, it is damaged or newer than this program, or the key is wrong;
    // nothing is touched then. Works offline.
    static Result<std::unique_ptr<Client>> open(
        const std::filesystem::path& home,
        const StoreKey& key,
        const Environment& environment,
        const ClientOptions& options = {}
    );
    // Makes a new device from an invite in an empty or new home folder: verifies the chains down to
    // the invite, makes the keys, is granted, logs in, and founds the first epoch where that is
    // this device's part.
    static Result<std::unique_ptr<Client>> enrol(
        const std::filesystem::path& home,
        std::string_view invite_uri,
        const StoreKey& key,
        const Environment& environment,
        const ClientOptions& options = {}
    );
    // Whether `home` holds an enrolled device. Opens nothing.
    static bool is_enrolled(const std::filesystem::path& home);

    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // --- Who we are; offline.
    const Account& account() const;
    DeviceId device() const;
    bool is_patient() const;
    // The patient's own id for a patient; nothing for staff.
    std::optional<PatientId> own_patient() const;

    // --- Connection. Each call below connects by itself; this only makes it explicit. Logs in,
    // brings chains and messages up to date, does the chores (epochs, admissions, prekeys) and
    // sends what is queued.
    Result<void> connect();
    bool online() const;
    void disconnect();

    // --- Threads. A patient needs no id: pass nothing.
    Result<std::vector<ThreadSummary>> inbox();
    // Staff: opens the thread (an entry in the journal). For patients it has no effect. `not_found`
    // or `forbidden`.
    Result<void> open_thread(const std::optional<PatientId>& patient);
    Result<void> close_thread(const std::optional<PatientId>& patient);
    // Newest first page unless `before`. Staff: the thread must be open. Patients read from their
    // own store after a sync, and also offline.
    Result<HistoryPage> history(
        const std::optional<PatientId>& patient, std::size_t limit, Seq before = 0
    );
    // Stores the message, then sends it. With the server away the result is the queued message
    // (state `queued`), which is sent at the next connection. An error is a refusal: nothing stays
    // queued.
    Result<Message> send_text(
        const std::optional<PatientId>& patient,
        std::string_view text,
        const SendOptions& options = {}
    );
    // What was shown to the person, up to and including `seq`.
    Result<void> mark_read(const std::optional<PatientId>& patient, Seq seq);
    Result<std::vector<ReceiptInfo>> receipts(const std::optional<PatientId>& patient);

    // --- Watching. The next event, or nothing when `wait` has passed or interrupt() was called.
    // Reconnects by itself with backoff; a drop and a return are ConnectionEvents. An error only
    // for what ends watching (trust alarm on the chains, revoked device, replaced login, broken
    // store).
    Result<std::optional<Event>> next_event(Milliseconds wait);
    // Makes a waiting next_event() return at once. From any thread.
    void interrupt();
    // An alarm that came up beside what was asked (an AlarmEvent that nobody has taken): its
    // sentence. For programs that do one thing and end.
    std::optional<std::string> pending_alarm() const;

    // --- Devices and people.
    Result<std::vector<DeviceInfo>> devices();  // Of this account.
    Result<InviteInfo> invite_device(
        Milliseconds lifetime = std::chrono::hours{24}
    );                                                   // A further device of this account.
    Result<void> revoke_device(const DeviceId& device);  // Own, or with `manage-devices` anybody's.
    // Opens the record of a new patient on these teams (default: the first team this device is in),
    // or invites another device of a known patient (teams must then be empty).
    Result<InviteInfo> invite_patient(
        const PatientId& patient,
        const std::vector<TeamName>& teams = {},
        Milliseconds lifetime = std::chrono::hours{14 * 24}
    );
    // Devices of `account` that are granted, and neither members of a team that the account was
    // invited to or founded nor revoked: what admit() would admit. Show the fingerprints first.
    Result<std::vector<DeviceInfo>> admissible(const StaffName& account);
    Result<void> admit(const StaffName& account, const TeamName& team, const DeviceId& device);
    // Devices of the patient that wait for `identity-confirm`.
    Result<std::vector<DeviceInfo>> unconfirmed(const PatientId& patient);
    // `fingerprint` as the patient read it out; `usage` when it is not the device's.
    Result<void> identity_confirm(
        const PatientId& patient, const DeviceId& device, std::string_view fingerprint
    );
    // Nobody: every device one talks to. Otherwise a staff name or a patient id.
    Result<VerifyInfo> verify(const std::optional<std::string>& whom);
    // Local, with fresh figures where the server is reachable; never fails for its absence.
    Result<Status> status();

    Session& session();

private:
    friend std::unique_ptr<Client> make_client(std::unique_ptr<Session> session);
    explicit Client(std::unique_ptr<Session> session);
    std::unique_ptr<Session> session_;
};

}  // namespace wardline::client
