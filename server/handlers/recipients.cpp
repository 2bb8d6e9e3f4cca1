#include "protocol/trust/class.hpp"
#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

cbor::Json position(const trust::ChainPosition& at) {
    return {{"pos", at.pos}, {"hash", cbor::binary(at.hash.view())}};
}

}  // namespace

Task<Bytes> recipients(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto thread, fields.fixed<ThreadId>("thread"));
    WARDLINE_CO_TRY(const auto name, fields.text("class", 32));
    WARDLINE_CO_TRY(const auto message_class, trust::parse_class(name));
    const auto audience = trust::audience_of(message_class);
    WARDLINE_CO_TRY(
        const auto counter, co_await services.counters.last(request->device(), thread, audience)
    );
    const auto& record = services.record();
    const auto* chain = record.patient_of(thread);
    if (chain == nullptr) co_return Error{Code::forbidden, "no such thread"};
    const auto may = trust::may_write(record.clinic(), *chain, request->device(), message_class);
    if (!may) {
        services.file_refusal(
            {.act = "recipients", .device = request->device(), .thread = thread}, may.error().code
        );
        co_return may.error();
    }
    auto& book = services.state.recipients();
    const auto& expected = book.of(*chain, audience, trust::kNow, services.now());
    auto devices = cbor::Json::array();
    for (const auto& device : book.live_for(expected, request->device())) {
        devices.push_back(cbor::binary(device.view()));
    }
    cbor::Json answer{
        {"devices", std::move(devices)},
        {"counter", counter + 1},
        {"patient_head", position(chain->head())},
        {"clinic_head", position(record.clinic().head())}
    };
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
