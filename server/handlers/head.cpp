#include "server/handlers/handlers.hpp"
#include "server/signed_head.hpp"

namespace wardline::server::handlers {

Task<Bytes> head(Services& services, SharedRequest request) {
    co_return request->frame({{"head", newest_head(services)}});
}

}  // namespace wardline::server::handlers
