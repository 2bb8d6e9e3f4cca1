#include "server/handlers/handlers.hpp"
#include "server/jobs/audit_erasure.hpp"
#include "server/jobs/expiry.hpp"

#include <utility>

namespace wardline::server::handlers {

Task<Bytes> retention_run(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(may_run_retention(services, request->device(), "retention-run"));
    WARDLINE_CO_TRY(const auto done, co_await run_expiry(services, request->device()));
    // What the trail itself has kept for long enough ends with it.
    WARDLINE_CO_TRY(const auto erased, co_await run_audit_erasure(services));
    cbor::Json answer{
        {"erased", erased}, {"units", done.units}, {"messages", done.messages}, {"seq", done.seq}
    };
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
