#pragma once

#include "server/net/net_services.hpp"
#include "server/net/tls_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

// HTTP/1.1 on one TLS connection: requests with bounded headers and bodies, in turn, until the
// client goes, falls silent or asks for the WebSocket.
namespace wardline::server {

// A request to upgrade at /v1/ws that may be granted. Beast's, so defined in upgrade.hpp.
struct Upgrade;
struct DeleteUpgrade {
    void operator()(Upgrade* upgrade) const noexcept;
};
using UpgradePtr = std::unique_ptr<Upgrade, DeleteUpgrade>;

// The stream and the services outlive it.
class HttpConnection final : public Endable {
public:
    HttpConnection(TlsStream& stream, std::string address, const NetServices& services);
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;
    ~HttpConnection() override = default;

    // Serves until the end, then nothing is returned; or until an upgrade, and then the stream is
    // the caller's.
    net::awaitable<UpgradePtr> serve();

    void end_gently() override;
    void end_at_once() noexcept override;

private:
    TlsStream& stream_;
    std::string address_;
    const NetServices& services_;
    OpenEntry open_;
    bool answering_{false};
    bool ending_{false};
};

}  // namespace wardline::server
