#include "server/handlers/handlers.hpp"

#include <algorithm>

namespace wardline::server::handlers {
namespace {

struct Receipt {
    ThreadId thread;
    Seq delivered{0};
    Seq read{0};
};

Result<Receipt> parse(const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Receipt out;
    WARDLINE_TRY(out.thread, fields.fixed<ThreadId>("thread"));
    if (fields.has("delivered")) {
        WARDLINE_TRY(out.delivered, fields.uint("delivered"));
    }
    if (fields.has("read")) {
        WARDLINE_TRY(out.read, fields.uint("read"));
    }
    return out;
}

}  // namespace

void receipt(Services& services, SharedRequest request) {
    const auto asked = parse(request->body());
    if (!asked) return request->refuse(asked.error());
    const auto& [thread, delivered, read] = asked.value();
    const auto& record = services.record();
    const auto device = record.live_device(request->device());
    const auto* chain = record.patient_of(thread);
    if (!device || chain == nullptr || !record.may_read(*device, *chain, trust::Audience::all)) {
        services.file_refusal(
            {.act = "receipt", .device = request->device(), .thread = thread}, Code::forbidden
        );
        return request->refuse(Error{Code::forbidden, "not a reader of the thread"});
    }
    // Nobody has read what is not written yet.
    const auto newest = services.journal.seen();
    const auto delivered_to = std::min(std::max(delivered, read), newest);
    const auto read_to = std::min(read, newest);
    if (services.receipts.note(request->device(), thread, delivered_to, read_to)) {
        services.journal.note_cursor(request->device(), thread, delivered_to, read_to);
    }
    request->answer(request->frame());
}

}  // namespace wardline::server::handlers
