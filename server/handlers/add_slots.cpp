#include "protocol/message/slots.hpp"
#include "server/acts/added_slots_act.hpp"
#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {
namespace {

// The audience that all these messages have; they have to be messages of the thread.
Task<trust::Audience> common_audience(Services& services, ThreadId thread, std::vector<Seq> seqs) {
    std::ranges::sort(seqs);
    const auto twice = std::ranges::unique(seqs);
    seqs.erase(twice.begin(), twice.end());
    const auto wanted = seqs.size();
    WARDLINE_CO_TRY(const auto entries, co_await services.reader.entries(std::move(seqs)));
    std::optional<trust::Audience> common;
    for (const auto& entry : entries) {
        const bool fits = entry.kind == audit::EntryKind::message && entry.thread == thread &&
                          entry.message_class.has_value();
        if (!fits) co_return Error{Code::bad_frame, "not a message of the thread"};
        const auto audience = trust::audience_of(*entry.message_class);
        if (common && *common != audience) {
            co_return Error{Code::bad_frame, "slots of one request are for one audience"};
        }
        common = audience;
    }
    if (!common || entries.size() != wanted) co_return Error{Code::not_found, "no such message"};
    co_return *common;
}

}  // namespace

Task<Bytes> add_slots(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto thread, fields.fixed<ThreadId>("thread"));
    WARDLINE_CO_TRY(const auto* list, fields.array("added", message::kAddedSlotsMax));
    WARDLINE_CO_TRY(auto added, message::parse_added_slots(*list));
    if (added.empty()) co_return Error{Code::bad_frame, "no slots"};
    const auto device = services.record().live_device(request->device());
    const auto* chain = services.record().patient_of(thread);
    // Before anything is looked up: what the thread has is nobody else's business.
    const bool may = device && chain != nullptr &&
                     services.record().may_read(*device, *chain, trust::Audience::all);
    if (!may) {
        services.file_refusal(
            {.act = "add-slots", .device = request->device(), .thread = thread}, Code::forbidden
        );
        co_return Error{Code::forbidden, "not a reader of the thread"};
    }
    std::vector<Seq> seqs;
    for (const auto& item : added) seqs.push_back(item.seq);
    WARDLINE_CO_TRY(
        const auto audience, co_await common_audience(services, thread, std::move(seqs))
    );
    auto act =
        std::make_unique<AddedSlotsAct>(request->device(), thread, audience, std::move(added));
    WARDLINE_CO_TRY(const auto done, co_await services.journal.append(std::move(act)));
    co_return request->frame({{"seq", done.seq}});
}

}  // namespace wardline::server::handlers
