#include "protocol/signal/keys.hpp"
#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kRegistrationMax = 16'380;

struct Put {
    std::uint32_t registration{0};
    std::optional<storage::SignedPrekey> signed_prekey;
    std::vector<storage::OneTimePrekey> one_time;
};

Result<Put> parse(const cbor::Json& body, const IdentityKey& identity) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Put out;
    const auto given = body.find("signed");
    if (given != body.end() && !given->is_null()) {
        WARDLINE_TRY(const auto key, signal::parse_signed_prekey(*given));
        if (!signal::is_signed_by(key, identity)) {
            return Error{Code::bad_signature, "the prekey is not signed by the device's identity"};
        }
        WARDLINE_TRY(const auto registration, fields.uint("registration", kRegistrationMax));
        if (registration == 0) return Error{Code::bad_frame, "a registration is 1 or more"};
        out.registration = static_cast<std::uint32_t>(registration);
        out.signed_prekey = storage::SignedPrekey{key.id, key.key.bytes(), key.signature.bytes()};
    }
    WARDLINE_TRY(const auto* list, fields.array("one_time", signal::kOneTimePrekeysMax));
    for (const auto& item : *list) {
        WARDLINE_TRY(const auto key, signal::parse_one_time_prekey(item));
        out.one_time.push_back({key.id, key.key.bytes()});
    }
    return out;
}

}  // namespace

Task<Bytes> prekeys_put(Services& services, SharedRequest request) {
    const auto device = services.record().live_device(request->device());
    if (!device) co_return Error{Code::forbidden, "the device is not live"};
    WARDLINE_CO_TRY(auto put, parse(request->body(), device->record->keys.identity));
    WARDLINE_CO_TRY(
        const auto held,
        co_await services.prekeys.put(
            request->device(),
            put.registration,
            std::move(put.signed_prekey),
            std::move(put.one_time)
        )
    );
    co_return request->frame({{"one_time_prekeys", held}});
}

}  // namespace wardline::server::handlers
