#include "server/acts/act.hpp"

#include <utility>

namespace wardline::server {

Result<KnownDevice> require_live(
    const ClinicRecord& record, const DeviceId& device, const storage::JudgeFacts& facts
) {
    const auto found = record.live_device(device, facts.seq);
    if (!found) return Error{Code::forbidden, "the device is not live"};
    return *found;
}

Result<const trust::PatientChain*> require_reader(
    const ClinicRecord& record, const KnownDevice& device, const ThreadId& thread, Seq at
) {
    const auto* found = record.patient_of(thread);
    if (found == nullptr || !record.may_read(device, *found, trust::Audience::all, at)) {
        return Error{Code::forbidden, "not a reader of the thread"};
    }
    return found;
}

bool is_worth_an_entry(Code code) noexcept {
    switch (code) {
        case Code::forbidden:
        case Code::wrong_class:
        case Code::login_failed:
        case Code::store_rolled_back:
        case Code::bad_signature:
        case Code::invite_used:
            return true;
        default:
            return false;
    }
}

storage::Draft refusal_draft(
    const ClinicRecord& record, const Asker& asker, Error error, std::uint64_t count
) {
    Details details;
    std::string actor;
    details.act = asker.act;
    details.code = error.code;
    if (count > 1) details.count = count;
    details.device = asker.device;
    if (asker.device) {
        if (const auto device = record.device(*asker.device)) actor = device->account().text();
    }
    details.actor = actor;
    if (asker.thread) {
        if (const auto* thread = record.patient_of(*asker.thread)) {
            details.thread = asker.thread;
            details.patient = thread->patient().text();
        }
    }
    details.message_class = asker.message_class;
    details.hash = asker.hash;
    storage::Draft draft;
    draft.kind = audit::EntryKind::refusal;
    draft.details = details.encode();
    draft.about = details.thread;
    draft.refusal = std::move(error);
    return draft;
}

storage::Draft draft_of(audit::EntryKind kind, const Details& details) {
    storage::Draft out;
    out.kind = kind;
    out.details = details.encode();
    return out;
}

std::vector<storage::Draft> one(storage::Draft draft) {
    std::vector<storage::Draft> out;
    out.push_back(std::move(draft));
    return out;
}

}  // namespace wardline::server
