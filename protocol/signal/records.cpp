#include "protocol/signal/records.hpp"

namespace wardline::signal {

void StoreChanges::merge(StoreChanges&& later) {
    for (auto& [peer, record] : later.sessions) {
        sessions.insert_or_assign(peer, std::move(record));
    }
    used_prekeys.merge(later.used_prekeys);
    begun.merge(later.begun);
    later = {};
}

}  // namespace wardline::signal
