#include "server/acts/expiry_act.hpp"

#include <string>
#include <utility>

namespace wardline::server {

Result<std::vector<storage::Draft>> ExpiryAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    std::string actor;
    if (asked_by) {
        WARDLINE_TRY(const auto device, require_live(ground.record, *asked_by, facts));
        const auto may = ground.record.capabilities(device, facts.seq);
        if (!may.has(trust::Capability::set_policy)) {
            return Error{Code::forbidden, "needs set-policy"};
        }
        actor = device.account().text();
    }
    if (facts.live.empty()) return Error{Code::not_found, "no unit is live any more"};
    Details details;
    details.actor = actor;
    details.device = asked_by;
    details.count = messages;
    details.units = facts.live;
    storage::Draft draft;
    draft.kind = audit::EntryKind::expiry;
    draft.details = details.encode();
    draft.condemn = facts.live;
    return one(std::move(draft));
}

}  // namespace wardline::server
