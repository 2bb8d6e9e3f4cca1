#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

// Boxes go to members only: of the team whose epoch it is, or the patient's confirmed devices.
bool may_have(const ClinicRecord& record, const KnownDevice& device, const Hash& epoch) {
    if (device.is_staff()) {
        const auto found = record.clinic().epoch(epoch);
        return found && found->team->has_member(device.record->id);
    }
    return device.patient->confirmed(device.record->id) &&
           device.patient->epochs().find(epoch) != nullptr;
}

}  // namespace

Task<Bytes> boxes(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto epoch, fields.fixed<Hash>("epoch"));
    const auto device = services.record().live_device(request->device());
    if (!device || !may_have(services.record(), *device, epoch)) {
        services.file_refusal({.act = "boxes", .device = request->device()}, Code::forbidden);
        co_return Error{Code::forbidden, "not a member"};
    }
    WARDLINE_CO_TRY(const auto found, co_await services.reader.boxes(epoch));
    auto list = cbor::Json::array();
    for (const auto& box : found.epoch.boxes) list.push_back(cbor::binary(box));
    auto admitted = cbor::Json::array();
    for (const auto& [id, box] : found.admitted) {
        admitted.push_back({{"device", cbor::binary(id.view())}, {"box", cbor::binary(box)}});
    }
    cbor::Json answer{
        {"boxes", std::move(list)},
        {"previous", found.epoch.previous},
        {"admitted", std::move(admitted)}
    };
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
