#include "server/jobs/expiry.hpp"

#include "server/acts/expiry_act.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "storage/key_ring.hpp"

#include <map>
#include <utility>

namespace wardline::server {
namespace {

constexpr std::size_t kBatchUnits = 500;

}  // namespace

Result<void> may_run_retention(Services& services, const DeviceId& device, std::string_view act) {
    const auto known = services.record().live_device(device);
    if (known && services.record().capabilities(*known).has(trust::Capability::set_policy)) {
        return success();
    }
    services.file_refusal({.act = act, .device = device}, Code::forbidden);
    return Error{Code::forbidden, "needs set-policy"};
}

Result<retention::Policy> policy_of(const ClinicRecord& record) {
    if (!record.founded()) return Error{Code::no_clinic, "there is no clinic yet"};
    std::map<trust::MessageClass, std::uint32_t> days;
    for (const auto message_class : trust::kAllClasses) {
        days[message_class] = trust::days_for(record.clinic().genesis().retention, message_class);
    }
    return retention::Policy::from(days);
}

std::vector<storage::DueRule> due_rules(const retention::Policy& policy, Instant now) {
    std::vector<storage::DueRule> out;
    for (const auto& due : retention::due_days(policy, now)) {
        out.push_back({due.message_class, due.last_day});
    }
    return out;
}

storage::Task<ExpiryDone> run_expiry(Services& services, std::optional<DeviceId> asked_by) {
    ExpiryDone done;
    WARDLINE_CO_TRY(const auto policy, policy_of(services.record()));
    const auto rules = due_rules(policy, services.now());
    for (bool more = !rules.empty(); more;) {
        WARDLINE_CO_TRY(const auto units, co_await services.units.due(rules, 0, kBatchUnits));
        more = units.size() == kBatchUnits;
        if (units.empty()) break;
        std::vector<storage::UnitNumber> numbers;
        std::uint64_t messages = 0;
        for (const auto& unit : units) {
            numbers.push_back(unit.number);
            messages += unit.messages;
        }
        auto act = std::make_unique<ExpiryAct>(asked_by, std::move(numbers));
        act->messages = messages;
        const auto written = co_await services.journal.append(std::move(act));
        // Another run was faster: nothing is left to do.
        if (!written && written.error().code == Code::not_found) break;
        WARDLINE_CO_TRY(const auto entry, written);
        done.units += units.size();
        done.messages += messages;
        done.seq = entry.seq;
    }
    WARDLINE_CO_TRY(const auto ended, co_await services.units.finish_condemned());
    services.metrics.messages_expired.Increment(static_cast<double>(done.messages));
    if (ended.units > 0) {
        services.log.info("units_destroyed", {LogField::count(ended.units)});
        if (services.parts.embedded_keys) {
            WARDLINE_CO_TRY(co_await services.parts.keys.scrub());
        }
    }
    co_return done;
}

}  // namespace wardline::server
