#include "server/application.hpp"

#include "server/device_session.hpp"
#include "server/http_api.hpp"
#include "server/jobs/ticker.hpp"
#include "server/services.hpp"

#include <utility>

namespace wardline::server {

struct Application::Impl {
    explicit Impl(ApplicationParts parts) : services{std::move(parts)} {
        services.state.listen(&services.router);
    }
    ~Impl() { services.state.listen(nullptr); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Services services;
    HttpApi http{services};
    Ticker ticker{services};
};

Application::Application(ApplicationParts parts)
    : impl_{std::make_unique<Impl>(std::move(parts))} {}

Application::~Application() = default;

std::unique_ptr<Session> Application::connected(std::shared_ptr<Peer> peer) {
    return std::make_unique<DeviceSession>(impl_->services, std::move(peer));
}

net::awaitable<HttpResponse> Application::handle(HttpRequest request) {
    co_return co_await impl_->http.handle(std::move(request));
}

net::awaitable<void> Application::run() {
    co_await impl_->ticker.run();
}

void Application::stop() {
    if (impl_->services.stopping) return;
    impl_->services.stopping = true;
    impl_->ticker.stop();
}

void Application::say_goodbye() {
    // bye() ends connections, which leave the router: so a copy of the list.
    std::vector<Router::Connection> online;
    for (const auto& [device, connection] : impl_->services.router.connections()) {
        online.push_back(connection);
    }
    for (const auto& connection : online) {
        connection->bye(Code::shutting_down, CloseCode::going_away);
    }
}

bool Application::idle() const {
    return impl_->services.accepted == 0;
}

}  // namespace wardline::server
