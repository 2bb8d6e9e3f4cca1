#pragma once

#include "protocol/base/cbor.hpp"

#include <cstdint>

namespace wardline::server {

struct Services;

// The newest committed signed tree head as frames carry it; null before genesis.
cbor::Json newest_head(const Services& services);
// How many entries it covers; 0 before genesis.
std::uint64_t newest_size(const Services& services);

}  // namespace wardline::server
