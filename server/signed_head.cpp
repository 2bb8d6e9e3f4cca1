#include "server/signed_head.hpp"

#include "server/services.hpp"

namespace wardline::server {

cbor::Json newest_head(const Services& services) {
    const auto& head = services.journal.head();
    if (!head) return nullptr;
    return {{"body", cbor::binary(head->body)}, {"sig", cbor::binary(head->sig.view())}};
}

std::uint64_t newest_size(const Services& services) {
    const auto& head = services.journal.head();
    if (!head) return 0;
    const auto parsed = audit::parse_head(head->body);
    return parsed ? parsed.value().size : 0;
}

}  // namespace wardline::server
