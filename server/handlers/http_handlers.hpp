#pragma once

#include "protocol/base/cbor.hpp"
#include "server/services.hpp"

// One handler for each POST of docs/protocol.md section 11: the body in, the answer's body out.
namespace wardline::server::handlers {

storage::Task<Bytes> setup(Services& services, cbor::Json body);
storage::Task<Bytes> setup_info(Services& services, cbor::Json body);
storage::Task<Bytes> enrol_begin(Services& services, cbor::Json body);
storage::Task<Bytes> enrol_finish(Services& services, cbor::Json body);

}  // namespace wardline::server::handlers
