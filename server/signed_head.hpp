#pragma once

#include "protocol/base/cbor.hpp"

namespace wardline::server {

struct Services;

// The newest committed signed tree head as frames carry it; null before genesis.
cbor::Json newest_head(const Services& services);

}  // namespace wardline::server
