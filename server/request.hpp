#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/error.hpp"
#include "protocol/wire/entry_kind.hpp"
#include "server/client_connection.hpp"
#include "server/log.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

// One request of a logged-in device (or of one that logs in), until it is answered. One thread.
namespace wardline::server {

struct Services;
struct RequestType;

class Request {
public:
    Request(
        Services& services,
        std::shared_ptr<ClientConnection> connection,
        const RequestType& type,
        std::uint64_t id,
        cbor::Json body
    );
    Request(Request&&) noexcept = default;
    Request& operator=(Request&&) = delete;

    ClientConnection& from() const noexcept { return *connection_; }
    const std::shared_ptr<ClientConnection>& connection() const noexcept { return connection_; }
    // Only after login.
    const DeviceId& device() const { return connection_->login()->device; }
    const Account& account() const { return connection_->login()->account; }
    const cbor::Json& body() const noexcept { return body_; }
    std::uint64_t id() const noexcept { return id_; }
    const RequestType& type() const noexcept { return *type_; }

    // Before a large answer is made: a client that asks for more than it reads is slowed down.
    net::awaitable<void> room();

    // Exactly one of these, once.
    void answer(Bytes frame);
    // The same for a login, with what was pushed meanwhile behind it.
    void answer_login(Bytes frame);
    void refuse(const Error& error);

    // The whole frame of an answer with these keys.
    Bytes frame(cbor::Json fields = cbor::Json::object()) const;

private:
    void finish();

    Services* services_;
    std::shared_ptr<ClientConnection> connection_;
    const RequestType* type_;
    std::uint64_t id_;
    cbor::Json body_;
    bool large_{false};
};

using SharedRequest = std::shared_ptr<Request>;

// A handler runs at once, up to what it has to wait for: requests of one connection take effect in
// the order in which they came. It answers by itself (`act`), or returns the frame to send
// (`read`). What it refers to behind a suspension it looks up again.
struct RequestType {
    using Act = void (*)(Services&, SharedRequest);
    using Read = storage::Task<Bytes> (*)(Services&, SharedRequest);

    std::string_view name;  // On the wire.
    LogEvent logged;
    // Entries that serving it leaves. None: it changes nothing, and shows nothing but what another
    // entry has said is being shown. What is refused for want of a right is an entry besides.
    std::span<const wire::EntryKind> leaves;
    Act act{nullptr};
    Read read{nullptr};
};

// All that there are, sorted by name.
std::span<const RequestType> request_types() noexcept;
// Null for a type that is not known.
const RequestType* find_request_type(std::string_view name) noexcept;

// Runs the handler; a fault in it is answered `internal` and logged.
void serve(Services& services, SharedRequest request);

}  // namespace wardline::server
