#pragma once

#include "clients/core/outbox.hpp"

namespace wardline::client {

// A queued message as a record of the store, without its newest version, which is a record of its
// own (a frame may not hold both within the limit of one CBOR item).
Bytes encode(const Queued& queued, const Bytes& content);
Result<Queued> decode_queued(std::uint64_t order, BytesView bytes);

}  // namespace wardline::client
