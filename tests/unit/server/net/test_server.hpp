#pragma once

#include "server/net/listener.hpp"
#include "tests/unit/server/net/tls_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

// The real listener on a loopback port, in a thread of its own, in front of a session that sends
// every frame back.
namespace wardline::server::test {

class EchoSession final : public Session {
public:
    EchoSession(std::shared_ptr<Peer> peer, std::size_t& ended)
        : peer_{std::move(peer)}, ended_{ended} {}

    void received(Bytes frame) override {
        if (as_text(frame) == "log in") peer_->authenticated();
        if (as_text(frame) == "fail") throw std::runtime_error{"planted"};
        peer_->push(std::move(frame));
    }
    void disconnected() override { ++ended_; }

private:
    std::shared_ptr<Peer> peer_;
    std::size_t& ended_;
};

class EchoSessions final : public SessionFactory {
public:
    std::unique_ptr<Session> connected(std::shared_ptr<Peer> peer) override {
        peers.push_back(peer);
        return std::make_unique<EchoSession>(std::move(peer), ended);
    }
    std::vector<std::shared_ptr<Peer>> peers;
    std::size_t ended{0};
};

class EchoHttp final : public HttpHandler {
public:
    net::awaitable<HttpResponse> handle(HttpRequest request) override {
        if (request.target == "/fail") throw std::runtime_error{"planted"};
        if (request.target == "/wait") co_await released->async_wait(net::use_awaitable);
        HttpResponse response;
        response.body = std::move(request.body);
        if (request.method == "GET") response.body = {'o', 'k'};
        co_return response;
    }
    std::unique_ptr<net::steady_timer> released;  // What /wait waits for.
};

inline TlsIdentity test_identity() {
    static const TlsIdentity identity = [] {
        std::string folder{"/tmp/wardline-tls-XXXXXX"};
        if (!::mkdtemp(folder.data())) throw std::runtime_error{"mkdtemp"};
        auto made = load_or_make_tls_identity(folder, Instant{1'700'000'000'000});
        return made.value();
    }();
    return identity;
}

class TestServer {
public:
    explicit TestServer(Limits given = {}, std::vector<std::string> origins = {})
        : limits{given},
          allowed_origins{std::move(origins)},
          tls{TlsContext::make(test_identity()).value()},
          listener{
              context,
              Listener::Needs{
                  .tls = tls,
                  .sessions = sessions,
                  .http = http,
                  .limits = limits,
                  .allowed_origins = allowed_origins,
                  .metrics = metrics,
                  .log = log
              }
          } {
        http.released =
            std::make_unique<net::steady_timer>(context, net::steady_timer::time_point::max());
        listener.open({"127.0.0.1", 0}).value();
        port = listener.endpoint().port;
        thread = std::thread{[this] { context.run(); }};
    }
    ~TestServer() {
        stop();
        work.reset();
        thread.join();
    }

    // On the server's thread.
    template <class Function>
    auto run(Function function) {
        // Shared, because the server's thread is still in it when the result is there.
        using Task = std::packaged_task<decltype(function())()>;
        const auto task = std::make_shared<Task>(std::move(function));
        auto result = task->get_future();
        net::post(context, [task] { (*task)(); });
        return result.get();
    }
    void stop(std::chrono::milliseconds patience = std::chrono::seconds{5}) {
        net::co_spawn(context, listener.stop(patience), net::use_future).get();
    }
    TlsClient connect(TlsClientOptions options = {}) {
        TlsClient client{port, options};
        if (!client.shake_hands()) throw std::runtime_error{"the handshake failed"};
        return client;
    }
    // An open WebSocket.
    TlsClient open(TlsClientOptions options = {}) {
        TlsClient client = connect(options);
        if (client.upgrade() != 101) throw std::runtime_error{"the upgrade failed"};
        ++opened;
        return client;
    }
    // The server's end of the WebSocket opened last. The client knows of the upgrade before the
    // session does.
    std::shared_ptr<Peer> last_peer() {
        for (;;) {
            auto peer = run([this]() -> std::shared_ptr<Peer> {
                if (sessions.peers.empty() || sessions.peers.size() < opened) return nullptr;
                return sessions.peers.back();
            });
            if (peer) return peer;
            std::this_thread::yield();
        }
    }

    std::size_t opened{0};  // By open().
    net::io_context context{1};
    net::executor_work_guard<net::io_context::executor_type> work{context.get_executor()};
    Limits limits;
    std::vector<std::string> allowed_origins;
    std::ostringstream logged;
    Log log{Log::to_stream(logged, LogLevel::debug, SymmetricKey{})};
    Metrics metrics;
    EchoSessions sessions;
    EchoHttp http;
    TlsContext tls;
    Listener listener;
    std::uint16_t port{0};
    std::thread thread;
};

}  // namespace wardline::server::test
