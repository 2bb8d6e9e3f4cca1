#include "server/acts/trail_acts.hpp"

#include <utility>

namespace wardline::server {
namespace {

// Entries that nobody asked for are refused before there is a journal to write them in.
Result<void> require_journal(const ClinicRecord& record) {
    if (record.founded()) return success();
    return Error{Code::no_clinic, "there is no clinic yet"};
}

}  // namespace

Result<std::vector<storage::Draft>> ServerEventAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    WARDLINE_TRY(require_journal(ground.record));
    Details details;
    details.act = act;
    details.version = version;
    details.names = names;
    return one(draft_of(audit::EntryKind::server, details));
}

Result<std::vector<storage::Draft>> StrangersAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    WARDLINE_TRY(require_journal(ground.record));
    Details details;
    details.act = count.act;
    details.code = count.code;
    details.count = count.count;
    details.from = count.from.ms;
    return one(draft_of(audit::EntryKind::strangers, details));
}

Result<std::vector<storage::Draft>> ReadingAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    WARDLINE_TRY(const auto reader, require_live(ground.record, device, facts));
    if (!ground.record.capabilities(reader, facts.seq).has(trust::Capability::read_audit)) {
        return Error{Code::forbidden, "needs read-audit"};
    }
    const auto actor = reader.account().text();
    std::string patient;
    Details details;
    details.act = act;
    details.actor = actor;
    details.device = device;
    details.from = from;
    details.to = to;
    details.subject = subject;
    if (thread) {
        if (const auto* chain = ground.record.patient_of(*thread))
            patient = chain->patient().text();
    }
    details.patient = patient;
    auto draft = draft_of(kind, details);
    draft.about = thread;
    return one(std::move(draft));
}

Asker ReadingAct::asker() const {
    return {.act = "audit-begin", .device = device, .thread = thread};
}

Result<std::vector<storage::Draft>> ErasureAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    WARDLINE_TRY(require_journal(ground.record));
    Details details;
    details.act = act;
    details.count = count;
    details.from = from;
    details.to = to;
    details.hash = statement;
    details.thread = thread;
    return one(draft_of(audit::EntryKind::erasure, details));
}

}  // namespace wardline::server
