#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {
namespace {

cbor::Json teams_of(const trust::ClinicChain& clinic) {
    auto out = cbor::Json::array();
    for (const auto& [name, team] : clinic.teams()) {
        const auto members = team.members_at();
        const auto* epoch = team.epochs.live();
        // A team with one device, or none, is one lost phone away from its history.
        out.push_back(
            {{"team", name.text()},
             {"devices", members.size()},
             {"epoch", epoch == nullptr ? 0 : epoch->number},
             {"epoch_live", epoch != nullptr}}
        );
    }
    return out;
}

}  // namespace

Task<Bytes> status(Services& services, SharedRequest request) {
    const auto& record = services.record();
    const auto& clinic = record.clinic();
    cbor::Json answer{
        {"version", services.parts.version},
        {"clinic", clinic.genesis().name},
        {"seq", services.journal.seen()},
        {"time", services.now().ms}
    };
    if (request->account().is_staff()) {
        const auto live = std::ranges::count_if(clinic.accounts(), [](const auto& item) {
            return item.second.live_at(trust::kNow);
        });
        answer["connections"] = services.router.online();
        answer["staff"] = live;
        answer["patients"] = record.patients().size();
        answer["teams"] = teams_of(clinic);
    }
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
