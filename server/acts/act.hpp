#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "server/clinic_record.hpp"
#include "server/details.hpp"
#include "server/presence.hpp"
#include "server/recipients.hpp"
#include "storage/journal_state.hpp"

#include <optional>
#include <string_view>
#include <vector>

// What the server asks the journal to take. Each act knows how it is judged; the facts it is judged
// by are the chains, who is on duty, and what the journal writer looked up. Deciding is pure: no
// I/O, no clock; the same act may be judged again when the ground has moved.
namespace wardline::server {

struct Ground {
    ClinicRecord& record;
    Presence& presence;
    RecipientBook& book;
};

// Who asked, for the entry that says that it was refused. Nothing in it comes from the asker but
// ids that exist.
struct Asker {
    std::string_view act;  // A literal, such as "send".
    std::optional<DeviceId> device{};
    std::optional<ThreadId> thread{};
    std::string_view message_class{};
    std::optional<Hash> hash{};
};

struct ServerAct : storage::Act {
    virtual Result<std::vector<storage::Draft>> judge(
        Ground& ground, const storage::JudgeFacts& facts
    ) const = 0;
    virtual Asker asker() const = 0;
};

// `forbidden` unless the device is live now.
Result<KnownDevice> require_live(
    const ClinicRecord& record, const DeviceId& device, const storage::JudgeFacts& facts
);

// The thread, if the device may read it (at least what all its readers may). `forbidden` for a
// thread that does not exist as well.
Result<const trust::PatientChain*> require_reader(
    const ClinicRecord& record, const KnownDevice& device, const ThreadId& thread, Seq at
);

// Whether being refused with this code is a fact about a person, worth an entry, and not merely a
// client that is behind.
bool is_worth_an_entry(Code code) noexcept;

// The entry that says what was refused, or how often. Names a thread only if there is one.
storage::Draft refusal_draft(
    const ClinicRecord& record, const Asker& asker, Error error, std::uint64_t count = 1
);

// An entry of details alone.
storage::Draft draft_of(audit::EntryKind kind, const Details& details);

std::vector<storage::Draft> one(storage::Draft draft);

}  // namespace wardline::server
