#pragma once

#include "protocol/base/ids.hpp"
#include "server/application.hpp"
#include "server/clinic_state.hpp"
#include "server/disk_space.hpp"
#include "server/fetch_quota.hpp"
#include "server/limits.hpp"
#include "server/receipt_book.hpp"
#include "server/router.hpp"
#include "server/shared_seqs.hpp"
#include "server/stranger_book.hpp"
#include "server/task_group.hpp"
#include "storage/audit_eraser.hpp"
#include "storage/audit_reader.hpp"
#include "storage/counters.hpp"
#include "storage/cursors.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_writer.hpp"
#include "storage/prekeys.hpp"
#include "storage/units.hpp"

#include <memory>
#include <string>

// Everything that a request handler may need, built once by the application, which owns it. One
// thread.
namespace wardline::server {

// After login, per account and device; before it, per device that somebody claims to be.
struct RequestLimits {
    explicit RequestLimits(const Limits& limits);

    RateLimiter<DeviceId> by_device;
    RateLimiter<std::string> by_account;
    RateLimiter<DeviceId> logins;
    FetchQuota bundles;            // By account.
    FetchQuota bundles_of_device;  // By account and device asked for.
};

struct Services {
    explicit Services(ApplicationParts given);

    ApplicationParts parts;
    storage::JournalWriter& journal;
    ClinicState& state;
    Metrics& metrics;
    const Log& log;

    storage::JournalReader reader;
    storage::Prekeys prekeys;
    storage::Cursors cursors;
    storage::Counters counters;
    storage::Units units;
    storage::AuditReader trail;
    storage::AuditEraser eraser;

    RequestLimits limits;
    StrangerBook strangers;
    SharedSeqs shared_seqs;
    Router router;
    ReceiptBook receipts;
    DiskSpace disk;
    TaskGroup tasks;
    std::size_t accepted{0};  // Requests that are not answered yet.
    bool stopping{false};

    const ClinicRecord& record() const noexcept { return state.record(); }
    Instant now() const { return parts.now(); }

    // An entry nobody waits for: a refusal, a close, a logout. Lost only with the database.
    void file(std::unique_ptr<ServerAct> act);
    // A refusal that was found before it came to an act. Strangers and noise are not filed.
    void file_refusal(const Asker& asker, Code code);
};

}  // namespace wardline::server
