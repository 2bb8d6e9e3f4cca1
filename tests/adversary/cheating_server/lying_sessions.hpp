#pragma once

#include "server/connection.hpp"
#include "tests/adversary/cheating_server/lies.hpp"

#include <list>
#include <map>
#include <memory>
#include <mutex>

// Sits between the network and the honest decisions of a server: sees every frame in clear, in both
// directions, and hands on what the lies make of it.
namespace wardline::adversary {

class LyingSessions final : public server::SessionFactory, public server::HttpHandler {
public:
    LyingSessions(server::SessionFactory& sessions, server::HttpHandler& http)
        : sessions_{sessions}, http_{http} {}

    std::unique_ptr<server::Session> connected(std::shared_ptr<server::Peer> peer) override;
    boost::asio::awaitable<server::HttpResponse> handle(server::HttpRequest request) override;

    // From any thread. What is being lied about at this moment is finished first.
    void set(Lies lies);
    // On the server's thread.
    void push(const DeviceId& device, const Json& frame);

private:
    friend class LyingPeer;
    friend class LyingSession;

    server::SessionFactory& sessions_;
    server::HttpHandler& http_;
    std::mutex mutex_;
    Lies lies_;
    std::list<std::weak_ptr<class LyingPeer>> peers_;
};

}  // namespace wardline::adversary
