#pragma once

#include "server/acts/act.hpp"
#include "server/clinic_record.hpp"
#include "server/presence.hpp"
#include "server/recipients.hpp"
#include "server/refusal_book.hpp"
#include "storage/devices.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_state.hpp"

#include <vector>

// What the node knows of its clinic, as the journal says: the chains and who is on duty. The
// journal writer asks it to judge every act and tells it every entry. Owned by main; one thread.
namespace wardline::server {

class Log;

// Hears of every committed entry exactly once, in rising seq, whichever node wrote it.
class EntryListener {
public:
    virtual ~EntryListener() = default;
    virtual void committed(const std::vector<storage::StoredEntry>& entries) = 0;
};

class ClinicState final : public storage::JournalState {
public:
    // The references outlive the state.
    ClinicState(storage::Database& database, storage::KeyRing& keys, const Log& log);

    // Null until somebody listens.
    void listen(EntryListener* listener) noexcept { listener_ = listener; }

    const ClinicRecord& record() const noexcept { return record_; }
    Presence& presence() noexcept { return presence_; }
    RecipientBook& recipients() noexcept { return book_; }
    RefusalBook& refusals() noexcept { return refusals_; }

    Result<std::vector<storage::Draft>> judge(
        const storage::Act& act, const storage::JudgeFacts& facts
    ) override;
    void apply(std::vector<storage::StoredEntry> entries) override;
    void committed(std::vector<storage::StoredEntry> entries) override;
    storage::Task<Seq> reload() override;

private:
    storage::Task<ClinicRecord> load_record(Seq upto);
    storage::Task<Presence> load_presence();
    void apply_one(const storage::StoredEntry& entry);
    void tell(const std::vector<storage::StoredEntry>& entries);

    storage::JournalReader reader_;
    storage::Devices devices_;
    const Log& log_;
    ClinicRecord record_;
    Presence presence_;
    RecipientBook book_{record_, presence_};
    RefusalBook refusals_;
    EntryListener* listener_{nullptr};
    Seq told_{0};  // Everything up to here has been applied or committed.
    bool loaded_{false};
};

}  // namespace wardline::server
