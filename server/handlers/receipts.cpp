#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {

Task<Bytes> receipts(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto thread, fields.fixed<ThreadId>("thread"));
    const auto device = services.record().live_device(request->device());
    const auto* chain = services.record().patient_of(thread);
    const bool may = device && chain != nullptr &&
                     services.record().may_read(*device, *chain, trust::Audience::all);
    if (!may) {
        services.file_refusal(
            {.act = "receipts", .device = request->device(), .thread = thread}, Code::forbidden
        );
        co_return Error{Code::forbidden, "not a reader of the thread"};
    }
    const bool staff = device->is_staff();
    WARDLINE_CO_TRY(const auto cursors, co_await services.cursors.of_thread(thread));
    WARDLINE_CO_TRY(const auto shown, co_await services.shared_seqs.of(thread, staff));
    auto list = cbor::Json::array();
    for (const auto& cursor : cursors) {
        const auto owner = services.record().device(cursor.device);
        if (!owner) continue;
        list.push_back(
            {{"account", owner->account().text()},
             {"device", cbor::binary(cursor.device.view())},
             {"delivered", shown.clamp(cursor.delivered)},
             {"read", shown.clamp(cursor.read)}}
        );
    }
    cbor::Json answer{{"receipts", std::move(list)}};
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
