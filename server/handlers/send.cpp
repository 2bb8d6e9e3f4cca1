#include "protocol/base/cbor_writer.hpp"
#include "server/acts/message_act.hpp"
#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

Bytes stored(const Request& request, const storage::Appended& done) {
    cbor::Writer out{80};
    out.map(5).text("hash").bytes(done.hash.view()).text("id").uint(request.id());
    out.text("seq").uint(done.seq).text("t").text("send").text("time").uint(done.time.ms);
    return std::move(out).take();
}

}  // namespace

void send(Services& services, SharedRequest request) {
    auto act = MessageAct::parse(request->device(), request->body());
    if (!act) return request->refuse(act.error());
    // The reserve is for what is not messages.
    if (services.disk.low()) return request->refuse(Error{Code::read_only, "the disk is full"});
    services.journal.submit(std::move(act).value(), [request](Result<storage::Appended> done) {
        if (done) return request->answer(stored(*request, done.value()));
        request->refuse(done.error());
    });
}

}  // namespace wardline::server::handlers
