#include "protocol/message/slots.hpp"
#include "server/acts/added_slots_act.hpp"
#include "server/handlers/handlers.hpp"

#include <map>
#include <utility>

namespace wardline::server::handlers {
namespace {

using ByAudience = std::map<trust::Audience, std::vector<message::AddedSlot>>;

// An entry is for one audience, or the patient would learn of internal notes. Whatever is not a
// message of the thread is refused.
Task<ByAudience> split(Services& services, ThreadId thread, std::vector<message::AddedSlot> added) {
    std::vector<Seq> seqs;
    for (const auto& item : added) seqs.push_back(item.seq);
    WARDLINE_CO_TRY(const auto entries, co_await services.reader.entries(std::move(seqs)));
    std::map<Seq, trust::Audience> audiences;
    for (const auto& entry : entries) {
        const bool fits = entry.kind == audit::EntryKind::message && entry.thread == thread &&
                          entry.message_class.has_value();
        if (fits) audiences.emplace(entry.seq, trust::audience_of(*entry.message_class));
    }
    ByAudience out;
    for (auto& item : added) {
        const auto found = audiences.find(item.seq);
        if (found == audiences.end()) {
            co_return Error{Code::not_found, "no such message in the thread"};
        }
        out[found->second].push_back(std::move(item));
    }
    co_return std::move(out);
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
    WARDLINE_CO_TRY(auto parts, co_await split(services, thread, std::move(added)));
    Seq last = 0;
    for (auto& [audience, slots] : parts) {
        auto act =
            std::make_unique<AddedSlotsAct>(request->device(), thread, audience, std::move(slots));
        WARDLINE_CO_TRY(const auto done, co_await services.journal.append(std::move(act)));
        last = done.seq;
    }
    co_return request->frame({{"seq", last}});
}

}  // namespace wardline::server::handlers
