#include "server/handlers/handlers.hpp"

#include <chrono>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kDevicesMax = 40;

Result<std::vector<DeviceId>> parse(const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    WARDLINE_TRY(const auto* list, fields.array("devices", kDevicesMax));
    std::vector<DeviceId> out;
    for (const auto& item : *list) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, DeviceId::kSize));
        WARDLINE_TRY(const auto device, DeviceId::from(raw));
        out.push_back(device);
    }
    return out;
}

// Keys are for those who may write to each other: colleagues, and who meets in a thread.
bool may_reach(const ClinicRecord& record, const KnownDevice& asker, const DeviceId& wanted) {
    const auto other = record.live_device(wanted);
    if (!other) return false;
    if (asker.is_staff() && other->is_staff()) return true;
    const auto* thread = asker.is_staff() ? other->patient : asker.patient;
    return record.may_read(asker, *thread, trust::Audience::all) &&
           record.may_read(*other, *thread, trust::Audience::all);
}

// Under which one account's fetches of one device's keys are counted.
std::string key_of(const std::string& account, const DeviceId& device) {
    return account + ' ' + device.hex();
}

std::optional<Error> over_limit(
    Services& services, const std::string& account, const std::vector<DeviceId>& devices
) {
    const auto now = std::chrono::steady_clock::now();
    auto wait = services.limits.bundles.wait(account, now);
    for (const auto& device : devices) {
        if (wait) break;
        wait = services.limits.bundles_of_device.wait(key_of(account, device), now);
    }
    if (!wait) return std::nullopt;
    return Error{
        Code::rate_limited,
        "too many prekeys fetched",
        {{"retry_after_ms", static_cast<std::uint64_t>(wait->count())}}
    };
}

// Only what was handed out: a device without keys may be asked for again and again.
void count(
    Services& services,
    const std::string& account,
    const std::vector<storage::PrekeyBundle>& bundles
) {
    const auto now = std::chrono::steady_clock::now();
    services.limits.bundles.given(account, now, bundles.size());
    for (const auto& bundle : bundles) {
        services.limits.bundles_of_device.given(key_of(account, bundle.device), now);
    }
}

cbor::Json to_json(const storage::PrekeyBundle& bundle) {
    const auto& key = bundle.signed_prekey;
    cbor::Json out{
        {"device", cbor::binary(bundle.device.view())},
        {"registration", bundle.registration},
        {"signed", {{"id", key.id}, {"key", cbor::binary(key.key)}, {"sig", cbor::binary(key.sig)}}
        },
        {"one_time", nullptr}
    };
    if (bundle.one_time) {
        out["one_time"] = {
            {"id", bundle.one_time->id}, {"key", cbor::binary(bundle.one_time->key)}
        };
    }
    return out;
}

}  // namespace

Task<Bytes> prekeys_get(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto devices, parse(request->body()));
    const auto asker = services.record().live_device(request->device());
    for (const auto& device : devices) {
        if (asker && may_reach(services.record(), *asker, device)) continue;
        services.file_refusal({.act = "prekeys-get", .device = request->device()}, Code::forbidden);
        co_return Error{Code::forbidden, "not somebody to write to"};
    }
    const auto& account = request->from().login()->account_text;
    if (auto limited = over_limit(services, account, devices)) {
        co_return std::move(*limited);
    }
    WARDLINE_CO_TRY(const auto bundles, co_await services.prekeys.take(std::move(devices)));
    count(services, account, bundles);
    auto list = cbor::Json::array();
    for (const auto& bundle : bundles) list.push_back(to_json(bundle));
    cbor::Json answer{{"bundles", std::move(list)}};
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
