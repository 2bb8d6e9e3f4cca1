#include "server/services.hpp"

#include "server/acts/session_acts.hpp"
#include "server/log.hpp"

#include <utility>

namespace wardline::server {
namespace {

constexpr double kBurst = 10;  // Times the rate of a second.
constexpr std::size_t kKeysMax = 16'384;

Rate per_second(std::uint32_t rate) {
    return {static_cast<double>(rate), kBurst * static_cast<double>(rate)};
}
Rate per_minute(std::uint32_t rate) {
    return {static_cast<double>(rate) / 60, static_cast<double>(rate)};
}
// One account takes the keys of one device as often as sessions honestly begin anew, not until
// there are none left for others.
constexpr std::uint64_t kBundlesOfDeviceMax = 10;
constexpr std::chrono::hours kBundlesOfDeviceWindow{1};

}  // namespace

RequestLimits::RequestLimits(const Limits& limits)
    : by_device{per_second(limits.device_requests_per_second), kKeysMax},
      by_account{per_second(limits.account_requests_per_second), kKeysMax},
      logins{per_minute(limits.logins_per_minute), kKeysMax},
      bundles{limits.prekey_bundles_per_minute, std::chrono::minutes{1}},
      bundles_of_device{kBundlesOfDeviceMax, kBundlesOfDeviceWindow} {}

Services::Services(ApplicationParts given)
    : parts{std::move(given)},
      journal{parts.journal},
      state{parts.state},
      metrics{parts.metrics},
      log{parts.log},
      reader{parts.database, parts.keys},
      prekeys{parts.database},
      cursors{parts.database},
      counters{parts.database},
      units{parts.database, parts.keys},
      trail{parts.database},
      eraser{parts.database},
      limits{parts.limits},
      shared_seqs{reader},
      router{
          parts.state,
          parts.metrics,
          shared_seqs,
          Router::Effects{
              .thread_closed = [this](
                                   const DeviceId& device, const ThreadId& thread
                               ) { file(std::make_unique<CloseAct>(device, thread)); },
              .receipt_heard =
                  [this](const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read) {
                      receipts.heard(device, thread, delivered, read);
                  }
          }
      },
      disk{parts.watched_folder},
      tasks{parts.executor, parts.log} {}

void Services::file(std::unique_ptr<ServerAct> act) {
    journal.submit(std::move(act), [this](const Result<storage::Appended>& done) {
        if (!done && !is_worth_an_entry(done.error().code)) {
            log.warn("entry_not_filed", {LogField::code(done.error().code)});
        }
    });
}

void Services::file_refusal(const Asker& asker, Code code) {
    if (!is_worth_an_entry(code) || !asker.device || !record().device(*asker.device)) return;
    if (!state.refusals().take(asker, code, now())) return;
    file(std::make_unique<RefusalAct>(asker, code));
}

}  // namespace wardline::server
