#include "server/handlers/handlers.hpp"

namespace wardline::server::handlers {

Task<Bytes> consistency(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto from, fields.uint("from", INT64_MAX));
    WARDLINE_CO_TRY(const auto to, fields.uint("to", INT64_MAX));
    if (from > to || to > services.journal.seen()) {
        co_return Error{Code::not_found, "the journal has no such sizes"};
    }
    WARDLINE_CO_TRY(const auto hashes, co_await services.reader.consistency(from, to));
    auto path = cbor::Json::array();
    for (const auto& hash : hashes) path.push_back(cbor::binary(hash.view()));
    co_return request->frame({{"path", path}});
}

}  // namespace wardline::server::handlers
