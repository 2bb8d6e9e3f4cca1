#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 256;

}  // namespace

// Heads say nothing but how long the journal was, and when; every client is shown them.
Task<Bytes> audit_heads(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto after, fields.uint("after", INT64_MAX));
    WARDLINE_CO_TRY(const auto asked, fields.uint("limit"));
    const auto limit = static_cast<std::size_t>(std::clamp<std::uint64_t>(asked, 1, kLimitMax));
    WARDLINE_CO_TRY(const auto heads, co_await services.trail.heads(after, limit));
    auto list = cbor::Json::array();
    for (const auto& head : heads) {
        list.push_back({{"body", cbor::binary(head.body)}, {"sig", cbor::binary(head.sig.view())}});
    }
    co_return request->frame({{"heads", std::move(list)}, {"more", heads.size() == limit}});
}

}  // namespace wardline::server::handlers
