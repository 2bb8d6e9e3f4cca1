#include "server/clinic_state.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/trust/statement.hpp"
#include "server/log.hpp"

#include <stdexcept>
#include <utility>

namespace wardline::server {
namespace {

constexpr std::size_t kStatementsPage = 500;
constexpr std::size_t kDevicesPage = 1'000;

// A statement that is stored has been judged; if its chain does not take it, this node is older
// than the one that judged it, or the store is damaged. Either way it must not go on.
void take(ClinicRecord& record, const storage::StoredEntry& entry) {
    auto statement = trust::Statement::parse(BytesView{entry.statement->bytes});
    if (!statement) throw std::runtime_error{"a stored statement is malformed"};
    const trust::LocatedStatement located{entry.seq, entry.time, std::move(statement).value()};
    const auto taken = record.apply(located, trust::Signatures::verified_before);
    if (!taken) {
        throw std::runtime_error{"a stored statement does not fit: " + taken.error().detail};
    }
}

}  // namespace

ClinicState::ClinicState(storage::Database& database, storage::KeyRing& keys, const Log& log)
    : reader_{database, keys}, devices_{database}, log_{log} {}

Result<std::vector<storage::Draft>> ClinicState::judge(
    const storage::Act& act, const storage::JudgeFacts& facts
) {
    const auto& asked = dynamic_cast<const ServerAct&>(act);
    Ground ground{record_, presence_, book_};
    auto drafts = asked.judge(ground, facts);
    if (drafts || !record_.founded() || !is_worth_an_entry(drafts.error().code)) return drafts;
    const auto asker = asked.asker();
    // Without a device it is an invite that asks: its statement's hash stands for it.
    const bool known = asker.device ? record_.device(*asker.device).has_value()
                                    : drafts.error().code == Code::invite_used && asker.hash;
    if (!known || !refusals_.take(asker, drafts.error().code, facts.time)) return drafts;
    return one(refusal_draft(record_, asker, std::move(drafts).error()));
}

void ClinicState::apply(std::vector<storage::StoredEntry> entries) {
    for (const auto& entry : entries) apply_one(entry);
    tell(entries);
}

void ClinicState::apply_one(const storage::StoredEntry& entry) {
    if (entry.kind == audit::EntryKind::statement && entry.statement) {
        take(record_, entry);
    } else if (entry.kind == audit::EntryKind::login || entry.kind == audit::EntryKind::logout) {
        const auto details = cbor::decode(entry.details);
        if (!details) return;
        auto fields = cbor::MapReader::over(details.value());
        if (!fields) return;
        const auto device = fields.value().fixed<DeviceId>("device");
        if (device) presence_.seen(device.value(), entry.time);
    }
}

void ClinicState::committed(std::vector<storage::StoredEntry> entries) {
    tell(entries);
}

void ClinicState::tell(const std::vector<storage::StoredEntry>& entries) {
    if (entries.empty()) return;
    told_ = entries.back().seq;
    if (listener_ != nullptr) listener_->committed(entries);
}

storage::Task<Seq> ClinicState::reload() {
    // At the start everything is news to nobody. Later the state goes back to what it has told:
    // entries behind that come through apply(), and nobody who listens misses one.
    Seq upto = told_;
    if (!loaded_) {
        WARDLINE_CO_TRY(upto, co_await reader_.newest());
    }
    WARDLINE_CO_TRY(auto record, co_await load_record(upto));
    WARDLINE_CO_TRY(auto presence, co_await load_presence());
    record_ = std::move(record);
    presence_ = std::move(presence);
    book_.forget();
    told_ = upto;
    loaded_ = true;
    log_.info("state_loaded", {LogField::seq(upto), LogField::count(record_.patients().size())});
    co_return upto;
}

storage::Task<ClinicRecord> ClinicState::load_record(Seq upto) {
    ClinicRecord record;
    for (Seq after = 0;;) {
        WARDLINE_CO_TRY(const auto page, co_await reader_.statements(after, upto, kStatementsPage));
        for (const auto& entry : page.entries) take(record, entry);
        if (!page.more || page.upto <= after) break;
        after = page.upto;
    }
    co_return record;
}

storage::Task<Presence> ClinicState::load_presence() {
    Presence presence;
    for (DeviceId after;;) {
        WARDLINE_CO_TRY(const auto page, co_await devices_.page(after, kDevicesPage));
        for (const auto& device : page) presence.seen(device.device, device.last_seen);
        if (page.size() < kDevicesPage) break;
        after = page.back().device;
    }
    co_return presence;
}

}  // namespace wardline::server
