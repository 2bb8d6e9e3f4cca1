#include "server/entries_answer.hpp"
#include "server/handlers/handlers.hpp"
#include "server/visible.hpp"

#include <algorithm>
#include <ranges>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 200;

struct Asked {
    ThreadId thread;
    bool forward{false};  // Behind `from`; else before it.
    Seq from{0};
    std::size_t limit{0};
};

Result<Asked> parse(const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Asked out;
    WARDLINE_TRY(out.thread, fields.fixed<ThreadId>("thread"));
    out.forward = fields.has("after");
    if (out.forward == fields.has("before")) {
        return Error{Code::bad_frame, "either before or after"};
    }
    WARDLINE_TRY(out.from, fields.uint(out.forward ? "after" : "before", INT64_MAX));
    WARDLINE_TRY(const auto limit, fields.uint("limit"));
    out.limit = static_cast<std::size_t>(std::clamp<std::uint64_t>(limit, 1, kLimitMax));
    return out;
}

Result<void> may_read(Services& services, const Request& request, const ThreadId& thread) {
    const auto& record = services.record();
    const auto device = record.live_device(request.device());
    if (!device || !record.may_read(*device, thread)) {
        services.file_refusal(
            {.act = "history", .device = request.device(), .thread = thread}, Code::forbidden
        );
        return Error{Code::forbidden, "not a reader of the thread"};
    }
    if (device->is_staff() && !request.from().open.contains(thread)) {
        return Error{Code::not_open, "open the thread first"};
    }
    return success();
}

}  // namespace

Task<Bytes> history(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(const auto asked, parse(request->body()));
    WARDLINE_CO_TRY(may_read(services, *request, asked.thread));
    co_await request->room();
    auto read = asked.forward
                    ? services.reader.thread_after(asked.thread, asked.from, asked.limit)
                    : services.reader.thread_before(asked.thread, asked.from, asked.limit);
    WARDLINE_CO_TRY(auto page, co_await std::move(read));
    // The right to read may have ended meanwhile.
    WARDLINE_CO_TRY(may_read(services, *request, asked.thread));

    EntriesAnswer out;
    bool more = page.more;
    if (!asked.forward) std::ranges::reverse(page.entries);
    const bool staff = request->account().is_staff();
    for (const auto& entry : page.entries) {
        if (!is_content(entry) || (!staff && is_internal(entry))) continue;
        if (!out.add(entry, EntryView::payload, request->device())) {
            more = true;
            break;
        }
    }
    co_return out.frame("history", request->id(), {{"more", more}}, !asked.forward);
}

}  // namespace wardline::server::handlers
