#pragma once

#include "clients/core/backoff.hpp"
#include "clients/core/chains.hpp"
#include "clients/core/client.hpp"
#include "clients/core/device_identity.hpp"
#include "clients/core/epoch_keeper.hpp"
#include "clients/core/epoch_keys.hpp"
#include "clients/core/home.hpp"
#include "clients/core/link.hpp"
#include "clients/core/message_keys.hpp"
#include "clients/core/message_reader.hpp"
#include "clients/core/message_store.hpp"
#include "clients/core/outbox.hpp"
#include "clients/core/signal_store.hpp"
#include "clients/core/store.hpp"
#include "clients/core/thread_order.hpp"
#include "clients/core/tree_state.hpp"
#include "protocol/signal/signal_device.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace wardline::client {

// A device at work: its parts, in order of life, and how they go together. Logs in, catches up,
// takes pushes, sends what is queued. Client and Administration are its faces.
class Session {
public:
    static Result<std::unique_ptr<Session>> open(
        Home home,
        std::unique_ptr<Store> store,
        const Environment& environment,
        const ClientOptions& options
    );
    // For enrolment: the parts of a device that has its identity in the store but not yet its
    // chains.
    static Result<std::unique_ptr<Session>> make(
        Home home,
        std::unique_ptr<Store> store,
        const Environment& environment,
        const ClientOptions& options
    );
    Session(
        Home home,
        std::unique_ptr<Store> store,
        const Environment& environment,
        const ClientOptions& options,
        DeviceIdentity self
    );
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Nothing to do when it is up.
    Result<void> connect();
    void disconnect();

    Result<void> load_chains();
    Result<void> begin_chains(
        std::span<const wire::Entry> clinic, std::span<const wire::Entry> patient
    );

    // The thread of a patient: its chain, brought up to date where that was not done on this
    // connection yet.
    Result<const trust::PatientChain*> thread_of(const PatientId& patient);
    Result<Seq> open_thread(const PatientId& patient);
    Result<void> close_thread(const PatientId& patient);
    bool is_open(const PatientId& patient) const { return open_.contains(patient); }

    // Sends what is queued, in order. Outcomes become events, and those of `own` its result.
    Result<std::optional<Message>> flush(const std::optional<MessageId>& own = std::nullopt);
    Message message_of(const Queued& queued) const;

    Result<std::optional<Event>> next_event(Milliseconds wait);
    void interrupt();
    void emit(Event event) { events_.push_back(std::move(event)); }
    // The sentence of the first alarm among the events that nobody has taken.
    std::optional<std::string> pending_alarm() const;

    // Entries of a thread's history, read, with the writes that reading caused. Rising.
    struct Read {
        std::vector<Message> messages;
        std::vector<Place> places;
        Seq first{0};
        Seq last{0};
        bool more{false};
    };
    Result<Read> fetch_history(const PatientId& patient, Seq before, Seq after, std::size_t limit);
    // Whether places of history, in order, are without repetition and gap; `whole`: from the
    // thread's first message on.
    Result<void> check_order(std::span<const Place> places, bool whole);
    // Own messages as sent, delivered or read, by the cursors of the other side.
    Result<void> apply_receipts(std::vector<Message>& shown, const PatientId& patient);
    Result<std::vector<ReceiptInfo>> receipts(const PatientId& patient);
    Result<void> send_receipt(
        const PatientId& patient, std::optional<Seq> delivered, std::optional<Seq> read
    );

    // Whether this device still waits for somebody to let it read: an admission, or a confirmation.
    bool is_waiting() const;
    // Whether that device of staff is in a team that this one is in too.
    bool shares_team(const DeviceId& device) const;

    // The chores that follow a change of the chains.
    Result<void> after_change();

    const Environment environment;
    const ClientOptions options;
    Home home;
    std::unique_ptr<Store> store;
    const DeviceIdentity self;
    Link link;
    TreeState tree;
    Chains chains;
    EpochKeys epochs;
    MessageKeys keys;
    SignalStore signal_store;
    MessageReader reader;
    MessageStore messages;
    EpochKeeper keeper;
    std::unique_ptr<signal::SignalDevice> signal;
    std::unique_ptr<Outbox> outbox;

private:
    Result<void> log_in();
    Result<void> come_up(const LoginAnswer& answer);
    Result<void> catch_up(Seq start);
    Result<void> reopen();
    Result<Seq> cursor(Seq otherwise);
    Result<void> keep_cursor(Seq seq);

    // Takes in a page of entries, in order, with one commit. `live`: they came as pushes or by
    // sync, not from history.
    Result<void> take(std::span<const wire::Entry> entries, std::optional<Seq> new_cursor);
    Result<void> take_statement(const wire::Entry& entry);
    // Writes what was read; what a patient's device had before is taken out of `reads`.
    Result<void> store_reads(
        std::vector<ReadMessage>& reads,
        std::span<const Place> places,
        const signal::SignalTransaction& transaction
    );
    // A patient's device sees its whole thread: what it has stored of the order goes on from run to
    // run.
    Result<void> load_order();
    Result<void> keep_order();
    Result<void> follow_order(std::span<const Place> places);
    // The place of a message whose details are erased. `trust_alarm` where they cannot be yet.
    Result<Place> take_erased(const wire::Entry& entry, const ThreadId& thread);
    Result<void> backfill();
    void remember_proof(const wire::Entry& entry, const ReadMessage& read);
    Result<void> take_push(const Json& push);
    Result<void> take_receipts_push(const Json& push);
    void tell(const ReadMessage& read);
    Result<void> retry_missing(std::span<const message::AddedSlot> added);
    Result<std::vector<message::Slot>> added_slots(const ThreadId& thread, Seq seq);
    Result<void> prove_pending();
    Result<void> idle();
    void wait_until(std::chrono::steady_clock::time_point until);
    Result<void> reconnect();
    Result<bool> wants_backfill();

    Backoff backoff_;
    std::optional<std::chrono::steady_clock::time_point> retry_at_;
    bool was_up_{false};
    Seq cursor_{0};
    std::optional<std::chrono::steady_clock::time_point> outbox_at_;
    std::optional<Error> ended_;  // What ended the session for good.
    std::map<PatientId, Seq>
        open_;                   // Threads that this device has open, and what was shown of them.
    std::set<PatientId> fresh_;  // Chains brought up to date on this connection.
    std::map<PatientId, Seq> delivered_;  // Receipts that are due.
    std::vector<wire::Entry>
        unproved_;  // Messages' entries (without payload) to be proved in the tree.
    std::vector<message::TreeRef> seen_heads_;
    // The cursor on the disk never passes what is not proved: that comes again after a failure.
    std::optional<Seq> cursor_due_;
    std::optional<ThreadOrder> order_;
    Seq ordered_{0};  // Up to here the order has been followed.
    Seq noticed_{0};  // Notices up to here were told.
    bool backfilling_{false};
    std::deque<Event> events_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool interrupted_{false};
};

std::unique_ptr<Client> make_client(std::unique_ptr<Session> session);

// Errors that are the end of a session rather than of a connection.
bool ends_session(const Error& error);

}  // namespace wardline::client
