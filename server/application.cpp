#include "server/application.hpp"

#include "server/acts/trail_acts.hpp"
#include "server/device_session.hpp"
#include "server/http_api.hpp"
#include "server/jobs/audit_erasure.hpp"
#include "server/jobs/ticker.hpp"
#include "server/log.hpp"
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

    net::awaitable<void> erase_details() {
        const auto done = co_await run_audit_erasure(services);
        if (!done) services.log.warn("job_failed", {LogField::code(done.error().code)});
    }

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

storage::Task<void> Application::file_start(std::vector<std::string> changed_settings) {
    auto& services = impl_->services;
    if (!services.record().founded()) co_return success();
    const auto& version = services.parts.version;
    WARDLINE_CO_TRY(co_await services.journal.append(
        std::make_unique<ServerEventAct>("start", version, std::vector<std::string>{})
    ));
    if (changed_settings.empty()) co_return success();
    WARDLINE_CO_TRY(co_await services.journal.append(
        std::make_unique<ServerEventAct>("configuration", version, std::move(changed_settings))
    ));
    co_return success();
}

void Application::file_stop() {
    auto& services = impl_->services;
    if (!services.record().founded()) return;
    services.file(
        std::make_unique<ServerEventAct>("stop", services.parts.version, std::vector<std::string>{})
    );
}

void Application::file_refused() {
    impl_->ticker.file_refused(false);
}

void Application::file_receipts() {
    impl_->ticker.file_receipts();
}

void Application::erase_details() {
    impl_->services.tasks.spawn(impl_->erase_details());
}

bool Application::idle() const {
    return impl_->services.accepted == 0;
}

}  // namespace wardline::server
