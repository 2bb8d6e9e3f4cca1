#pragma once

#include "server/client_connection.hpp"
#include "server/connection.hpp"

#include <memory>

// One WebSocket's conversation: hello, then frames to requests to handlers. One thread.
namespace wardline::server {

struct Services;

class DeviceSession final : public Session {
public:
    // Says hello at once.
    DeviceSession(Services& services, std::shared_ptr<Peer> peer);

    void received(Bytes frame) override;
    void disconnected() override;

private:
    void hello();
    // What stands between a frame and its handler; the error to answer with.
    void count_stranger(Code code);
    Result<void> admit(std::string_view type);
    void refuse(std::optional<std::uint64_t> id, const Error& error);

    Services& services_;
    std::shared_ptr<ClientConnection> connection_;
    unsigned refused_in_a_row_{0};
};

}  // namespace wardline::server
