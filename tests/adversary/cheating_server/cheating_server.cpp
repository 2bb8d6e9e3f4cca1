#include "tests/adversary/cheating_server/cheating_server.hpp"

#include "protocol/crypto/crypto.hpp"
#include "server/application.hpp"
#include "server/clinic_state.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/net/listener.hpp"
#include "server/setup_tokens.hpp"
#include "server/task_group.hpp"
#include "server/tls_identity.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "tests/adversary/cheating_server/lying_sessions.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace wardline::adversary {
namespace {

namespace net = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds kStartTime{60'000};
constexpr milliseconds kEndTime{5'000};
constexpr milliseconds kLook{2};

Instant wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count())};
}

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().detail};
    return std::move(result).value();
}
void must(Result<void> result) {
    if (!result) throw std::runtime_error{result.error().detail};
}

SymmetricKey a_key() {
    return crypto::random_secret<SymmetricKey>(crypto::system_random());
}

// Attacks are many and quick, and all come from one address: what limits strangers is not the
// subject.
server::Limits without_rates() {
    server::Limits limits;
    limits.http_per_address_per_minute = 1'000'000;
    limits.handshakes_per_second = 1'000'000;
    limits.logins_per_minute = 1'000'000;
    limits.device_requests_per_second = 100'000;
    limits.account_requests_per_second = 100'000;
    return limits;
}

net::awaitable<bool> wait_until(std::function<bool()> done, milliseconds limit) {
    net::steady_timer timer{co_await net::this_coro::executor};
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) co_return false;
        timer.expires_after(kLook);
        co_await timer.async_wait(net::as_tuple(net::use_awaitable));
    }
    co_return true;
}

}  // namespace

struct CheatingServer::Impl {
    explicit Impl(const CheatingServerOptions& options);

    net::awaitable<void> start(std::uint16_t port);
    net::awaitable<void> stop();

    std::stringstream log_text;
    server::Log log;
    server::Metrics metrics;
    server::TlsIdentity identity;
    server::TlsContext tls;
    SigningSecret audit{crypto::random_secret<SigningSecret>(crypto::system_random())};
    server::Limits limits{without_rates()};
    std::vector<std::string> origins;
    net::io_context context{1};
    server::TaskGroup tasks;
    storage::Database database;
    storage::KeyRing keys;
    server::ClinicState state;
    storage::JournalWriter journal;
    server::SetupTokens tokens;
    server::Application application;
    LyingSessions lying;
    server::Listener listener;
    std::thread thread;
};

CheatingServer::Impl::Impl(const CheatingServerOptions& options)
    : log{options.log ? server::Log::to_stderr(server::LogLevel::info, a_key())
                      : server::Log::to_stream(log_text, server::LogLevel::warn, a_key())},
      identity{must(server::load_or_make_tls_identity(options.folder + "/tls", wall_clock()))},
      tls{must(server::TlsContext::make(identity))},
      tasks{context.get_executor(), log},
      database{context.get_executor(), options.databases},
      keys{database, a_key(), crypto::system_random()},
      state{database, keys, log},
      journal{database, keys, state, audit, wall_clock, crypto::system_random()},
      tokens{options.folder + "/setup-tokens"},
      application{server::ApplicationParts{
          .executor = context.get_executor(),
          .database = database,
          .keys = keys,
          .journal = journal,
          .state = state,
          .setup_tokens = tokens,
          .metrics = metrics,
          .log = log,
          .limits = limits,
          .tls_pin = identity.pin,
          .audit_key = crypto::signing_key_of(audit),
          .version = "cheating",
          .now = wall_clock,
          .random = crypto::system_random()
      }},
      lying{application, application},
      listener{
          context,
          server::Listener::Needs{
              .tls = tls,
              .sessions = lying,
              .http = lying,
              .limits = limits,
              .allowed_origins = origins,
              .metrics = metrics,
              .log = log
          }
      } {}

net::awaitable<void> CheatingServer::Impl::start(std::uint16_t port) {
    must(co_await keys.check());
    must(co_await keys.top_up());
    tasks.spawn(journal.run());
    const bool loaded = co_await wait_until([this] { return journal.available(); }, kStartTime);
    if (!loaded) throw std::runtime_error{"the journal does not start: " + log_text.str()};
    tasks.spawn(application.run());
    must(listener.open(server::Endpoint{.address = "127.0.0.1", .port = port}));
}

net::awaitable<void> CheatingServer::Impl::stop() {
    listener.stop_accepting();
    application.stop();
    co_await wait_until([this] { return application.idle(); }, kEndTime);
    application.say_goodbye();
    co_await listener.stop(kEndTime);
    journal.stop();
    co_await tasks.all_ended(kEndTime);
    database.close();
    context.stop();
}

CheatingServer::CheatingServer(const CheatingServerOptions& options)
    : impl_{std::make_unique<Impl>(options)} {
    auto started = net::co_spawn(impl_->context, impl_->start(options.port), net::use_future);
    // Keeps the context running between one thing to do and the next.
    impl_->thread = std::thread{[this] {
        const auto work = net::make_work_guard(impl_->context);
        impl_->context.run();
    }};
    try {
        started.get();
    } catch (...) {
        impl_->context.stop();
        impl_->thread.join();
        throw;
    }
}

CheatingServer::~CheatingServer() {
    be_honest();
    net::co_spawn(impl_->context, impl_->stop(), [](std::exception_ptr) {});
    impl_->thread.join();
}

std::uint16_t CheatingServer::port() const {
    return impl_->listener.endpoint().port;
}
const Hash& CheatingServer::pin() const {
    return impl_->identity.pin;
}
std::string CheatingServer::setup_token() {
    return must(impl_->tokens.issue(impl_->identity.pin, wall_clock()));
}
const SigningSecret& CheatingServer::audit_key() const {
    return impl_->audit;
}

ClinicId CheatingServer::clinic() {
    const auto read = [this]() -> net::awaitable<ClinicId> {
        co_return impl_->state.record().clinic().clinic();
    };
    return net::co_spawn(impl_->context, read, net::use_future).get();
}

void CheatingServer::lie(Lies lies) {
    impl_->lying.set(std::move(lies));
}
void CheatingServer::be_honest() {
    impl_->lying.set(Lies{});
}

void CheatingServer::push(const DeviceId& device, const Json& frame) {
    net::post(impl_->context, [this, device, frame] { impl_->lying.push(device, frame); });
}

std::vector<storage::StoredEntry> CheatingServer::journal() {
    // A coroutine's lambda keeps its captures alive only as long as itself: it is named here.
    const auto read = [this]() -> net::awaitable<std::vector<storage::StoredEntry>> {
        storage::JournalReader reader{impl_->database, impl_->keys};
        std::vector<storage::StoredEntry> out;
        for (bool more = true; more;) {
            const Seq after = out.empty() ? 0 : out.back().seq;
            auto page = must(co_await reader.range(after, INT64_MAX, 1'000));
            std::move(page.entries.begin(), page.entries.end(), std::back_inserter(out));
            more = page.more;
        }
        co_return out;
    };
    return net::co_spawn(impl_->context, read, net::use_future).get();
}

}  // namespace wardline::adversary
