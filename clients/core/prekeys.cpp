#include "clients/core/prekeys.hpp"

namespace wardline::client {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 60 * 60 * 1000;
constexpr std::uint64_t kSignedTermMs = 7 * kDayMs;
// First messages that were on their way when a signed prekey was replaced still open.
constexpr std::uint64_t kSignedKeptMs = 30 * kDayMs;

}  // namespace

Result<void> refill_prekeys(
    Link& link,
    SignalStore& store,
    const DeviceIdentity& self,
    Instant now,
    std::uint64_t signed_prekey,
    std::uint64_t one_time
) {
    WARDLINE_TRY(const auto newest, store.newest_signed());
    const bool renew =
        !newest || newest->id != signed_prekey || now.ms > newest->made.ms + kSignedTermMs;
    const bool refill = one_time < kOneTimePrekeysLow;
    if (!renew && !refill) return success();
    Json body{{"signed", nullptr}, {"one_time", Json::array()}};
    if (renew) {
        const std::uint32_t id =
            newest ? newest->id % signal::kPrekeyIdMax + 1 : signal::kPrekeyIdMin;
        WARDLINE_TRY(const auto made, signal::generate_signed_prekey(self.identity, id, now));
        WARDLINE_TRY(store.keep(made, now));
        body["signed"] = signal::to_json(made.key);
        body["registration"] = self.identity.registration;
    }
    if (refill) {
        WARDLINE_TRY(const auto first, store.reserve_prekey_ids(kOneTimePrekeysFill));
        WARDLINE_TRY(const auto made, signal::generate_prekeys(first, kOneTimePrekeysFill));
        WARDLINE_TRY(store.keep(made));
        for (const auto& prekey : made) body["one_time"].push_back(signal::to_json(prekey.key));
    }
    WARDLINE_TRY(link.request("prekeys-put", std::move(body)));
    if (now.ms > kSignedKeptMs) {
        WARDLINE_TRY(store.forget_signed_before(Instant{now.ms - kSignedKeptMs}));
    }
    return success();
}

}  // namespace wardline::client
