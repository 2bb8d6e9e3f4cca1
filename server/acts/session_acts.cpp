#include "server/acts/session_acts.hpp"

#include <string>
#include <utility>

namespace wardline::server {
namespace {

// An entry about a device, and a thread where one is meant.
storage::Draft about(
    const ClinicRecord& record,
    audit::EntryKind kind,
    const DeviceId& device,
    const ThreadId* thread,
    Details details = {}
) {
    std::string actor;
    if (const auto known = record.device(device)) actor = known->account().text();
    details.actor = actor;
    details.device = device;
    if (thread != nullptr) {
        details.thread = *thread;
        if (const auto* chain = record.patient_of(*thread)) {
            details.patient = chain->patient().text();
        }
    }
    auto draft = draft_of(kind, details);
    if (thread != nullptr) draft.about = *thread;
    return draft;
}

}  // namespace

Result<std::vector<storage::Draft>> LoginAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    if (!ground.record.live_device(device, facts.seq)) {
        return Error{Code::login_failed, "the device is revoked"};
    }
    if (generation <= facts.generation) {
        return Error{Code::store_rolled_back, "the store has logged in before with this count"};
    }
    ground.presence.seen(device, facts.time);
    auto draft = about(ground.record, audit::EntryKind::login, device, nullptr);
    draft.generation = storage::LoginGeneration{device, generation};
    draft.address = address;
    return one(std::move(draft));
}

Result<std::vector<storage::Draft>> LogoutAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    ground.presence.seen(device, facts.time);
    return one(about(ground.record, audit::EntryKind::logout, device, nullptr));
}

Result<std::vector<storage::Draft>> OpenAct::judge(Ground& ground, const storage::JudgeFacts& facts)
    const {
    WARDLINE_TRY(const auto known, require_live(ground.record, device, facts));
    WARDLINE_TRY(require_reader(ground.record, known, thread, facts.seq));
    return one(about(ground.record, audit::EntryKind::open, device, &thread));
}

Result<std::vector<storage::Draft>> CloseAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    return one(about(ground.record, audit::EntryKind::close, device, &thread));
}

Result<std::vector<storage::Draft>> ReceiptsAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    Details details;
    details.act = read ? "read" : "delivered";
    details.from = from;
    details.to = to;
    return one(about(ground.record, audit::EntryKind::receipts, device, &thread, details));
}

Result<std::vector<storage::Draft>> RefusalAct::judge(
    Ground& ground, const storage::JudgeFacts& /*facts*/
) const {
    return one(refusal_draft(ground.record, who, Error{code, "refused"}, count));
}

}  // namespace wardline::server
