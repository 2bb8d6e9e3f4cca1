#include "protocol/trust/chain_name.hpp"
#include "server/entries_answer.hpp"
#include "server/handlers/handlers.hpp"

#include <algorithm>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 256;

}  // namespace

Task<Bytes> chain(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto text, fields.text("chain", 128));
    WARDLINE_CO_TRY(const auto name, trust::ChainName::parse(text));
    WARDLINE_CO_TRY(const auto from, fields.uint("from", INT64_MAX));
    WARDLINE_CO_TRY(const auto limit, fields.uint("limit"));
    const auto& record = services.record();
    const auto device = record.live_device(request->device());
    if (!name.is_clinic()) {
        const auto* found = record.patient(*name.patient());
        if (!device || found == nullptr || !record.may_read_chain(*device, *found)) {
            services.file_refusal({.act = "chain", .device = request->device()}, Code::forbidden);
            co_return Error{Code::forbidden, "the chain may not be known"};
        }
    }
    co_await request->room();
    WARDLINE_CO_TRY(
        const auto page,
        co_await services.reader.chain(text, from, std::clamp<std::uint64_t>(limit, 1, kLimitMax))
    );
    EntriesAnswer out;
    bool all = true;
    for (const auto& entry : page.entries) {
        all = all && out.add(entry, EntryView::payload, request->device());
        if (!all) break;
    }
    co_return out.frame("chain", request->id(), {{"more", page.more || !all}});
}

}  // namespace wardline::server::handlers
