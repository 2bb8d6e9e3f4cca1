#include "server/acts/session_acts.hpp"
#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {

void close(Services& services, SharedRequest request) {
    auto fields = cbor::MapReader::over(request->body());
    if (!fields) return request->refuse(fields.error());
    const auto thread = fields.value().fixed<ThreadId>("thread");
    if (!thread) return request->refuse(thread.error());
    // From here on nothing of it is pushed; the entry says so afterwards.
    if (request->from().open.erase(thread.value()) == 0) {
        return request->refuse(Error{Code::not_open, "the thread is not open"});
    }
    services.journal.submit(
        std::make_unique<CloseAct>(request->device(), thread.value()),
        [request](Result<storage::Appended> done) {
            if (done) return request->answer(request->frame({{"seq", done.value().seq}}));
            request->refuse(done.error());
        }
    );
}

}  // namespace wardline::server::handlers
