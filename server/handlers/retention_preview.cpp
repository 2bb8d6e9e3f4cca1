#include "server/handlers/handlers.hpp"
#include "server/jobs/expiry.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kUnitsMax = 500;

}  // namespace

Task<Bytes> retention_preview(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(may_run_retention(services, request->device(), "retention-preview"));
    WARDLINE_CO_TRY(const auto policy, policy_of(services.record()));
    WARDLINE_CO_TRY(
        const auto units,
        co_await services.units.due(due_rules(policy, services.now()), 0, kUnitsMax)
    );
    auto list = cbor::Json::array();
    for (const auto& unit : units) {
        const auto* chain = services.record().patient_of(unit.thread);
        const retention::UnitFacts facts{unit.message_class, unit.day};
        list.push_back(
            {{"thread", cbor::binary(unit.thread.view())},
             {"patient", chain != nullptr ? chain->patient().text() : ""},
             {"class", trust::name_of(unit.message_class)},
             {"day", retention::to_text(unit.day)},
             {"messages", unit.messages},
             {"due", retention::due(policy, facts).ms}}
        );
    }
    cbor::Json answer{{"units", std::move(list)}, {"more", units.size() == kUnitsMax}};
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
