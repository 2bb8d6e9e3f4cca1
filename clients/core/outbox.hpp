#pragma once

#include "clients/core/chains.hpp"
#include "clients/core/link.hpp"
#include "clients/core/signal_store.hpp"
#include "clients/core/tree_state.hpp"
#include "protocol/message/content.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/message/sealed_message.hpp"
#include "protocol/signal/signal_device.hpp"

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace wardline::client {

// A message on this disk that the server has not acknowledged. `attempts` are the hashes of every
// version that was made under its id: if the server says that one of them stands, that is the one
// that counts.
struct Queued {
    std::uint64_t order{0};
    MessageId id;
    PatientId patient;
    ThreadId thread;
    trust::MessageClass message_class{trust::MessageClass::appointment};
    message::Content content;
    Instant created;
    std::vector<Hash> attempts;
    Bytes sealed;  // The newest version, if it was made: sent again as it is while its fate is
                   // unknown.
    std::vector<message::LiveSlot> live;
};

struct Sent {
    Seq seq{0};
    std::optional<Instant> time;  // Unknown when an earlier version turned out to stand.
    Hash hash;
};

// Messages to be sent, in order, each exactly once. A version is on the disk, with the ratchets
// that it moved, before its first byte goes out. One thread.
class Outbox {
public:
    Outbox(
        const Environment& environment,
        Store& store,
        Link& link,
        TreeState& tree,
        Chains& chains,
        SignalStore& signal_store,
        signal::SignalDevice& signal,
        const DeviceIdentity& self
    )
        : environment_{environment},
          store_{store},
          link_{link},
          tree_{tree},
          chains_{chains},
          signal_store_{signal_store},
          signal_{signal},
          self_{self} {}

    Result<Queued> add(
        const PatientId& patient,
        const ThreadId& thread,
        trust::MessageClass message_class,
        const message::Content& content
    );
    Result<std::vector<Queued>> pending();
    // Until it stands, or never will. Errors that leave it queued (later() is true for them) and
    // errors that are a refusal for good. remove() is the caller's part, in one transaction with
    // what follows from the outcome.
    Result<Sent> send(Queued& queued);
    Result<void> remove(const Queued& queued);
    static bool later(const Error& error);

    // What the author saw last of an audience, for `prev`.
    Result<void> saw(const ThreadId& thread, trust::Audience audience, Seq seq, const Hash& hash);

private:
    struct Recipients {
        std::uint64_t revision{0};  // Of the chains, when they were asked for.
        std::vector<DeviceId> devices;
        std::uint64_t counter{1};
    };
    using Place = std::pair<ThreadId, trust::Audience>;

    Result<void> keep(const Queued& queued);
    Result<Recipients> recipients(const Queued& queued);
    Result<void> compose(Queued& queued);
    Result<std::vector<message::LiveSlot>> live_slots(
        signal::SignalTransaction& transaction,
        const std::vector<DeviceId>& devices,
        const trust::PatientChain& chain,
        const message::Composed& composed
    );
    Result<void> begin_sessions(
        signal::SignalTransaction& transaction, const std::vector<signal::Peer>& peers
    );
    Result<std::optional<Sent>> judge(Queued& queued, const Result<Json>& answer);
    // The highest number that this device has written under; 0 before the first.
    Result<std::uint64_t> own_counter(const Place& place);
    Result<void> keep_own_counter(const Place& place, std::uint64_t counter);
    Result<Hash> last_seen(const ThreadId& thread, trust::Audience audience);

    const Environment& environment_;
    Store& store_;
    Link& link_;
    TreeState& tree_;
    Chains& chains_;
    SignalStore& signal_store_;
    signal::SignalDevice& signal_;
    const DeviceIdentity& self_;
    std::map<Place, Recipients> known_;
};

}  // namespace wardline::client
