#include "server/acts/session_acts.hpp"
#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

void opened(
    Services& services,
    const SharedRequest& request,
    const ThreadId& thread,
    const storage::Appended& done
) {
    auto& from = request->from();
    if (!from.alive()) {
        // Gone meanwhile: what was opened is closed again.
        services.file(std::make_unique<CloseAct>(request->device(), thread));
    } else {
        from.open.insert_or_assign(thread, done.seq);
    }
    request->answer(request->frame({{"seq", done.seq}}));
}

}  // namespace

void open(Services& services, SharedRequest request) {
    auto fields = cbor::MapReader::over(request->body());
    if (!fields) return request->refuse(fields.error());
    const auto thread = fields.value().fixed<ThreadId>("thread");
    if (!thread) return request->refuse(thread.error());
    const auto known = request->from().open.find(thread.value());
    if (known != request->from().open.end()) {
        return request->answer(request->frame({{"seq", known->second}}));
    }
    services.journal.submit(
        std::make_unique<OpenAct>(request->device(), thread.value()),
        [&services, request, id = thread.value()](Result<storage::Appended> done) {
            if (done) return opened(services, request, id, done.value());
            request->refuse(done.error());
        }
    );
}

}  // namespace wardline::server::handlers
