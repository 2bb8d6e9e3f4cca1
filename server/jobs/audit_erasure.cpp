#include "server/jobs/audit_erasure.hpp"

#include "server/acts/trail_acts.hpp"
#include "server/log.hpp"
#include "server/signed_head.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace wardline::server {
namespace {

Instant before(Instant now, std::chrono::milliseconds time) {
    const auto ms = static_cast<std::uint64_t>(time.count());
    return Instant{now.ms > ms ? now.ms - ms : 0};
}

// The entry, then the rows that it names. Nothing where there is nothing to erase.
storage::Task<std::uint64_t> erase(
    Services& services,
    std::string_view act,
    storage::ErasureScope scope,
    std::optional<Hash> statement
) {
    WARDLINE_CO_TRY(const auto count, co_await services.eraser.count(scope));
    if (count == 0) co_return count;
    auto entry = std::make_unique<ErasureAct>();
    entry->act = act;
    entry->from = scope.from;
    entry->to = scope.to;
    entry->count = count;
    entry->statement = statement;
    entry->thread = scope.thread;
    WARDLINE_CO_TRY(co_await services.journal.append(std::move(entry)));
    co_return co_await services.eraser.erase(scope, count);
}

// From the first entry on, so that the newest entry of this kind accounts for all that is gone.
storage::Task<std::uint64_t> erase_old(Services& services) {
    const auto days = services.record().clinic().audit_retention_days();
    const auto oldest_kept = before(services.now(), std::chrono::hours{24} * days);
    const auto size = newest_size(services);
    WARDLINE_CO_TRY(const auto first, co_await services.trail.first_at(oldest_kept, size));
    const storage::ErasureScope scope{.from = 1, .to = first - 1, .thread = std::nullopt};
    co_return co_await erase(services, "retention", scope, std::nullopt);
}

storage::Task<std::uint64_t> erase_decided(Services& services) {
    struct Decision {
        storage::ErasureScope scope;
        Hash statement;
    };
    std::vector<Decision> decisions;  // The record may change while we wait.
    for (const auto* proposal : services.record().clinic().audit_erasures()) {
        const auto& what = std::get<trust::AuditErase>(proposal->what);
        decisions.push_back({{what.from, what.to, what.thread}, proposal->hash});
    }
    std::uint64_t total = 0;
    for (const auto& [scope, statement] : decisions) {
        WARDLINE_CO_TRY(const auto erased, co_await erase(services, "decision", scope, statement));
        total += erased;
    }
    co_return total;
}

}  // namespace

storage::Task<std::uint64_t> run_audit_erasure(Services& services) {
    if (!services.record().founded()) co_return std::uint64_t{0};
    WARDLINE_CO_TRY(const auto decided, co_await erase_decided(services));
    WARDLINE_CO_TRY(const auto old, co_await erase_old(services));
    WARDLINE_CO_TRY(
        const auto addresses,
        co_await services.eraser.forget_addresses(before(services.now(), kAddressTime))
    );
    if (decided + old > 0) services.log.info("details_erased", {LogField::count(decided + old)});
    if (addresses > 0) services.log.info("addresses_forgotten", {LogField::count(addresses)});
    co_return decided + old;
}

}  // namespace wardline::server
