#include "server/entries_answer.hpp"
#include "server/handlers/handlers.hpp"
#include "server/signed_head.hpp"
#include "server/visible.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 500;
// As many as a frame of ordinary messages holds: what does not fit was read for nothing.
constexpr std::size_t kChunk = 64;

storage::SyncFilter filter_for(const ClinicRecord& record, const KnownDevice& device) {
    storage::SyncFilter out;
    out.chains.push_back(trust::ChainName::clinic().text());
    if (!device.is_staff()) {
        out.chains.push_back(device.patient->name().text());
        if (device.patient->confirmed(device.record->id)) {
            out.threads.push_back(device.patient->thread());
        }
        return out;
    }
    // What a member of staff gets of content by itself are notices.
    out.payloads = false;
    const bool all_chains = record.capabilities(device).has(trust::Capability::enrol_patient);
    for (const auto& [id, chain] : record.patients()) {
        const bool member = trust::in_thread_team(record.clinic(), *chain, device.record->id);
        if (member) out.threads.push_back(chain->thread());
        if (member || all_chains) out.chains.push_back(chain->name().text());
    }
    return out;
}

// Whether the device may see an entry that its filter found.
bool shown(const storage::StoredEntry& entry, bool staff) {
    if (entry.kind == audit::EntryKind::statement) return true;
    return is_content(entry) && (staff || !is_internal(entry));
}

}  // namespace

Task<Bytes> sync(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(auto after, fields.uint("after", INT64_MAX));
    WARDLINE_CO_TRY(const auto limit, fields.uint("limit"));
    const auto wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(limit, 1, kLimitMax));
    const auto device = services.record().live_device(request->device());
    if (!device) co_return Error{Code::forbidden, "the device is not live"};
    const bool staff = device->is_staff();
    const auto filter = filter_for(services.record(), *device);
    const auto view_of = [staff](const storage::StoredEntry& entry) {
        const bool whole = !staff || entry.kind == audit::EntryKind::statement;
        return whole ? EntryView::payload : EntryView::notice;
    };
    co_await request->room();

    EntriesAnswer out;
    auto upto = after;
    bool more = true;
    while (more && out.size() < wanted) {
        const auto chunk = std::min(kChunk, wanted - out.size());
        WARDLINE_CO_TRY(const auto page, co_await services.reader.sync_page(upto, chunk, filter));
        bool full = false;
        for (const auto& entry : page.entries) {
            if (shown(entry, staff) && !out.add(entry, view_of(entry), request->device())) {
                full = true;
                break;
            }
            upto = entry.seq;
        }
        if (full) break;
        upto = std::max(upto, page.upto);
        more = page.more;
    }
    // Revoked while the pages were read: nothing of them goes out.
    if (!services.record().live_device(request->device())) {
        co_return Error{Code::forbidden, "the device is not live"};
    }
    cbor::Json rest{{"upto", upto}, {"more", more}, {"head", newest_head(services)}};
    co_return out.frame("sync", request->id(), rest);
}

}  // namespace wardline::server::handlers
