#pragma once

#include "server/request.hpp"
#include "server/services.hpp"

// One handler for each request of docs/protocol.md section 10; each in a file of its name.
namespace wardline::server::handlers {

using storage::Task;

void login(Services& services, SharedRequest request);
void send(Services& services, SharedRequest request);
void open(Services& services, SharedRequest request);
void close(Services& services, SharedRequest request);
void receipt(Services& services, SharedRequest request);

Task<Bytes> add_slots(Services& services, SharedRequest request);
Task<Bytes> audit(Services& services, SharedRequest request);
Task<Bytes> audit_begin(Services& services, SharedRequest request);
Task<Bytes> audit_heads(Services& services, SharedRequest request);
Task<Bytes> boxes(Services& services, SharedRequest request);
Task<Bytes> chain(Services& services, SharedRequest request);
Task<Bytes> consistency(Services& services, SharedRequest request);
Task<Bytes> head(Services& services, SharedRequest request);
Task<Bytes> history(Services& services, SharedRequest request);
Task<Bytes> inclusion(Services& services, SharedRequest request);
Task<Bytes> prekeys_get(Services& services, SharedRequest request);
Task<Bytes> prekeys_put(Services& services, SharedRequest request);
Task<Bytes> receipts(Services& services, SharedRequest request);
Task<Bytes> recipients(Services& services, SharedRequest request);
Task<Bytes> retention_preview(Services& services, SharedRequest request);
Task<Bytes> retention_run(Services& services, SharedRequest request);
Task<Bytes> slots(Services& services, SharedRequest request);
Task<Bytes> statement(Services& services, SharedRequest request);
Task<Bytes> status(Services& services, SharedRequest request);
Task<Bytes> sync(Services& services, SharedRequest request);
Task<Bytes> threads(Services& services, SharedRequest request);

}  // namespace wardline::server::handlers
