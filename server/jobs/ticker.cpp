#include "server/jobs/ticker.hpp"

#include "protocol/wire/frames.hpp"
#include "server/acts/session_acts.hpp"
#include "server/acts/trail_acts.hpp"
#include "server/jobs/audit_erasure.hpp"
#include "server/jobs/expiry.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/signed_head.hpp"
#include "storage/key_ring.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace wardline::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kSecond = 1s;
// So many unit keys are kept ready that no message waits for one.
constexpr std::size_t kKeysReadyMin = 64;

Bytes receipt_push(const ReceiptChange& change, const Account& account, const SharedView& view) {
    cbor::Json body{
        {"thread", cbor::binary(change.thread.view())},
        {"account", account.text()},
        {"device", cbor::binary(change.device.view())},
        {"delivered", view.clamp(change.delivered)},
        {"read", view.clamp(change.read)}
    };
    return wire::make_push("receipts", std::move(body));
}

}  // namespace

Ticker::Ticker(Services& services)
    : services_{services},
      timer_{services.parts.executor},
      minute_{Clock::now() + 1min},
      hour_{Clock::now() + 1h},
      day_{Clock::now() + 1min} {}

net::awaitable<void> Ticker::run() {
    watch_disk();
    while (!stopping_) {
        timer_.expires_after(kSecond);
        co_await timer_.async_wait(net::as_tuple(net::use_awaitable));
        watch_disk();
        if (services_.journal.available()) co_await tick();
    }
    file_receipts();
    file_refused(true);
}

void Ticker::stop() {
    stopping_ = true;
    timer_.cancel();
}

net::awaitable<void> Ticker::tick() {
    const auto now = Clock::now();
    report(co_await push_receipts());
    push_head();
    report(co_await fill_key_ring());
    if (now >= minute_) {
        minute_ = now + 1min;
        file_receipts();
        file_refused(false);
        report(co_await erase_details());
    }
    if (now >= hour_) {
        hour_ = now + 1h;
        note_presence();
    }
    if (now >= day_ && services_.record().founded()) {
        day_ = now + 24h;
        const auto done = co_await run_expiry(services_, std::nullopt);
        if (!done) services_.log.warn("expiry_failed", {LogField::code(done.error().code)});
        erased_at_ = 0;
    }
}

void Ticker::watch_disk() {
    if (!services_.disk.look()) return;
    if (services_.disk.low()) {
        services_.log.error("disk_full");
    } else {
        services_.log.info("disk_has_room_again");
    }
}

void Ticker::report(const Result<void>& done) {
    if (done) return;
    services_.log.warn(
        "job_failed", {LogField::code(done.error().code), LogField::reason(done.error().detail)}
    );
}

storage::Task<void> Ticker::push_receipts() {
    for (const auto& change : services_.receipts.take_changes()) {
        WARDLINE_CO_TRY(const auto shared, co_await services_.shared_seqs.of(change.thread, false));
        const auto owner = services_.record().device(change.device);
        if (!owner) continue;
        const auto account = owner->account();
        const auto whole = receipt_push(change, account, SharedView{});
        const auto part = receipt_push(change, account, shared);
        services_.router.push_to_readers(change.thread, [&](const KnownDevice& to) {
            if (to.record->id == change.device) return Bytes{};
            return to.is_staff() ? whole : part;
        });
    }
    co_return success();
}

void Ticker::push_head() {
    const auto& head = services_.journal.head();
    if (!head || head->body == pushed_head_ || services_.router.online() == 0) return;
    pushed_head_ = head->body;
    services_.router.push_to_all(wire::make_push("head", {{"head", newest_head(services_)}}));
}

void Ticker::file_receipts() {
    for (const auto& range : services_.receipts.take_ranges()) {
        auto act = std::make_unique<ReceiptsAct>();
        act->device = range.device;
        act->thread = range.thread;
        act->read = range.read;
        act->from = range.from;
        act->to = range.to;
        services_.file(std::move(act));
    }
}

// Once a day for what has become old, and soon after the chains have changed for what was decided.
storage::Task<void> Ticker::erase_details() {
    const auto version = services_.record().version();
    if (version == erased_at_) co_return success();
    WARDLINE_CO_TRY(co_await run_audit_erasure(services_));
    erased_at_ = version;
    co_return success();
}

// The network counts whom it turned away; how many since the last time is theirs to say.
std::uint64_t Ticker::turned_away() {
    const auto& metrics = services_.metrics;
    const auto total = static_cast<std::uint64_t>(
        metrics.connections_shed.Value() + metrics.http_rate_limited.Value()
    );
    return total - std::exchange(turned_away_, total);
}

void Ticker::file_refused(bool all) {
    if (!services_.record().founded()) return;
    const auto now = services_.now();
    services_.strangers.refused("connect", Code::rate_limited, now, turned_away());
    for (const auto& count : services_.strangers.take(now, all)) {
        services_.file(std::make_unique<StrangersAct>(count));
    }
    for (const auto& [asker, code, count] : services_.state.refusals().take_counted()) {
        services_.file(std::make_unique<RefusalAct>(asker, code, count));
    }
}

void Ticker::note_presence() {
    const auto now = services_.now();
    for (const auto& [device, connection] : services_.router.connections()) {
        services_.state.presence().seen(device, now);
        services_.journal.note_seen(device, now);
    }
}

storage::Task<void> Ticker::fill_key_ring() {
    if (services_.parts.keys.ready() >= kKeysReadyMin) co_return success();
    co_return co_await services_.parts.keys.top_up();
}

}  // namespace wardline::server
