#include "server/node.hpp"

#include "server/application.hpp"
#include "server/clinic_state.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/net/listener.hpp"
#include "server/net/metrics_listener.hpp"
#include "server/private_files.hpp"
#include "server/settings_record.hpp"
#include "server/setup_tokens.hpp"
#include "server/task_group.hpp"
#include "storage/database.hpp"
#include "storage/durability.hpp"
#include "storage/embedded_postgres.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "storage/measurement.hpp"
#include "storage/wakeups.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <filesystem>
#include <optional>
#include <system_error>

namespace wardline::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLoadTime{120'000};       // For the journal to be read at the start.
constexpr milliseconds kFinishTime{10'000};      // For accepted requests to be answered.
constexpr milliseconds kConnectionsTime{5'000};  // For connections to take their last words.
constexpr milliseconds kJournalTime{10'000};
constexpr milliseconds kLook{5};
constexpr milliseconds kStartPause{200};  // Between attempts to reach a database at the start.
constexpr std::chrono::hours kRenewEvery{24};
constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);

Instant wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count())};
}

// The node's own 32-byte keys. Nodes that share a database share the first two: copy the folder.
struct NodeKeys {
    SymmetricKey key_encryption;
    SigningSecret audit;
    SymmetricKey log;
};

Result<NodeKeys> load_keys(const std::string& folder) {
    WARDLINE_TRY(ensure_private_folder(folder));
    auto& random = crypto::system_random();
    WARDLINE_TRY(
        auto key_encryption,
        storage::load_key_encryption_key(folder + "/key-encryption.key", true, random)
    );
    WARDLINE_TRY(auto audit, storage::load_key_encryption_key(folder + "/audit.key", true, random));
    WARDLINE_TRY(auto log, storage::load_key_encryption_key(folder + "/log.key", true, random));
    WARDLINE_TRY(auto audit_secret, SigningSecret::from(audit.reveal()));
    return NodeKeys{std::move(key_encryption), std::move(audit_secret), std::move(log)};
}

Result<void> ensure_data_folder(const std::string& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return success();
    return ensure_private_folder(folder);
}

storage::DatabaseOptions database_options(
    const Config& config, const storage::EmbeddedPostgres* embedded
) {
    return {
        .main = embedded ? embedded->main_conninfo() : *config.database,
        .keys = embedded ? embedded->keys_conninfo() : *config.key_ring,
        .connections = config.database_connections
    };
}

storage::JournalWriterOptions writer_options(const Config& config) {
    storage::JournalWriterOptions options;
    options.batch_max = config.limits.batch_max;
    return options;
}

// Waits until `done`, looking again and again: for the few moments of start and end that nobody
// announces.
template <class Done>
net::awaitable<bool> wait_until(Done done, milliseconds limit) {
    net::steady_timer timer{co_await net::this_coro::executor};
    const auto end = steady_clock::now() + limit;
    while (!done()) {
        if (steady_clock::now() >= end) co_return false;
        timer.expires_after(kLook);
        co_await timer.async_wait(kAsTuple);
    }
    co_return true;
}

}  // namespace

struct Node::Impl {
    Impl(
        Config given,
        NodeKeys keys,
        TlsIdentity tls_identity,
        TlsContext tls_context,
        std::optional<storage::EmbeddedPostgres> postgres
    );

    net::awaitable<void> serve();
    net::awaitable<Result<void>> start();
    net::awaitable<Result<void>> open_key_ring();
    net::awaitable<void> wait_for_signal();
    net::awaitable<void> stop();
    net::awaitable<void> count_journal();
    net::awaitable<void> renew_certificate();
    void reload_certificate();
    Result<void> check_audit_key() const;
    void warn_of_unsafe_databases() const;
    net::awaitable<void> file_start();
    void not_filed(const Error& why) const;

    Config config;
    std::optional<storage::EmbeddedPostgres> embedded;  // Before everything that talks to it.
    Log log;
    Metrics metrics;
    TlsIdentity identity;
    TlsContext tls;
    SigningKey audit_key;
    net::io_context context{1};
    TaskGroup tasks;
    storage::Database database;
    storage::KeyRing key_ring;
    ClinicState state;
    storage::JournalWriter journal;
    storage::Wakeups wakeups;
    SetupTokens setup_tokens;
    Application application;
    Listener listener;
    MetricsListener metrics_listener;
    net::signal_set signals;
    net::steady_timer renewal;
    net::steady_timer counting;
    Result<void> outcome{success()};
};

Node::Impl::Impl(
    Config given,
    NodeKeys keys,
    TlsIdentity tls_identity,
    TlsContext tls_context,
    std::optional<storage::EmbeddedPostgres> postgres
)
    : config{std::move(given)},
      embedded{std::move(postgres)},
      log{Log::to_stderr(config.log_level, keys.log)},
      identity{std::move(tls_identity)},
      tls{std::move(tls_context)},
      audit_key{crypto::signing_key_of(keys.audit)},
      tasks{context.get_executor(), log},
      database{context.get_executor(), database_options(config, embedded ? &*embedded : nullptr)},
      key_ring{database, keys.key_encryption, crypto::system_random()},
      state{database, key_ring, log},
      journal{
          database,
          key_ring,
          state,
          keys.audit,
          wall_clock,
          crypto::system_random(),
          writer_options(config)
      },
      wakeups{database, [this](Seq newest) { journal.wake(newest); }},
      setup_tokens{config.data + "/setup-tokens"},
      application{ApplicationParts{
          .executor = context.get_executor(),
          .database = database,
          .keys = key_ring,
          .journal = journal,
          .state = state,
          .setup_tokens = setup_tokens,
          .metrics = metrics,
          .log = log,
          .limits = config.limits,
          .tls_pin = identity.pin,
          .audit_key = audit_key,
          .version = WARDLINE_VERSION,
          .now = wall_clock,
          .random = crypto::system_random(),
          .embedded_keys = embedded.has_value(),
          .watched_folder = embedded ? config.data : std::string{}
      }},
      listener{
          context,
          Listener::Needs{
              .tls = tls,
              .sessions = application,
              .http = application,
              .limits = config.limits,
              .allowed_origins = config.allowed_origins,
              .metrics = metrics,
              .log = log
          }
      },
      metrics_listener{context, metrics, log},
      signals{context, SIGTERM, SIGINT, SIGHUP},
      renewal{context},
      counting{context} {}

// A node with another audit key would sign heads that every client refuses.
Result<void> Node::Impl::check_audit_key() const {
    const ClinicRecord& record = state.record();
    if (!record.founded() || record.clinic().genesis().audit == audit_key) return success();
    return Error{
        Code::usage,
        config.data +
            "/secrets/audit.key is not this clinic's audit key; copy the folder secrets of the "
            "node "
            "on which the clinic was set up"
    };
}

// Whoever gives us a database may have reasons for its settings; what they cost is said each time.
void Node::Impl::warn_of_unsafe_databases() const {
    if (embedded) return;
    for (const auto& conninfo : {*config.database, *config.key_ring}) {
        const auto found = storage::unsafe_settings(conninfo);
        if (!found) continue;
        for (const auto& setting : found.value()) {
            log.error("acknowledged_messages_may_be_lost", {LogField::reason(setting)});
        }
    }
}

// Settings are remembered once the entry that names them is committed: a start that is cut off
// before says it again. What cannot be is not worth a server that does not start; the log has it.
net::awaitable<void> Node::Impl::file_start() {
    auto changed = changed_settings(config);
    if (!changed) not_filed(changed.error());
    auto filed = co_await application.file_start(
        changed ? std::move(changed).value() : std::vector<std::string>{}
    );
    if (filed) filed = remember_settings(config);
    if (!filed) not_filed(filed.error());
}

void Node::Impl::not_filed(const Error& why) const {
    log.warn("start_not_filed", {LogField::code(why.code), LogField::reason(why.detail)});
}

// It was there a moment ago: a database that dies while we start is waited for as at any later
// time.
net::awaitable<Result<void>> Node::Impl::open_key_ring() {
    net::steady_timer timer{co_await net::this_coro::executor};
    const auto end = steady_clock::now() + kLoadTime;
    for (;;) {
        auto opened = co_await key_ring.check();
        if (opened) opened = co_await key_ring.top_up();
        if (opened || opened.error().code != Code::unavailable || steady_clock::now() >= end) {
            co_return opened;
        }
        timer.expires_after(kStartPause);
        co_await timer.async_wait(kAsTuple);
    }
}

net::awaitable<Result<void>> Node::Impl::start() {
    auto opened = co_await open_key_ring();
    if (!opened) co_return opened.error();
    tasks.spawn(journal.run());
    const bool loaded = co_await wait_until([this] { return journal.available(); }, kLoadTime);
    if (!loaded) co_return Error{Code::unavailable, "the database does not answer"};
    WARDLINE_CO_TRY(check_audit_key());
    tasks.spawn(wakeups.run());
    tasks.spawn(application.run());
    co_await file_start();
    tasks.spawn(count_journal());
    tasks.spawn(renew_certificate());
    if (config.metrics) {
        WARDLINE_CO_TRY(metrics_listener.open(*config.metrics));
        log.info("metrics_listening", {LogField::port(metrics_listener.endpoint().port)});
    }
    if (!storage::kKeepsTrail) log.warn("built_without_audit_trail", {});
    WARDLINE_CO_TRY(listener.open(config.listen));
    log.info(
        "listening",
        {LogField::port(listener.endpoint().port),
         LogField::pin(identity.pin),
         LogField::version(WARDLINE_VERSION),
         LogField::seq(journal.seen())}
    );
    co_return success();
}

net::awaitable<void> Node::Impl::serve() {
    outcome = co_await start();
    if (outcome) co_await wait_for_signal();
    co_await stop();
    context.stop();
}

net::awaitable<void> Node::Impl::wait_for_signal() {
    for (;;) {
        const auto [error, number] = co_await signals.async_wait(kAsTuple);
        if (error) co_return;
        log.info("signal", {LogField::signal(number)});
        if (number != SIGHUP) co_return;
        reload_certificate();
    }
}

net::awaitable<void> Node::Impl::stop() {
    log.info("stopping", {});
    listener.stop_accepting();
    application.stop();
    const bool finished = co_await wait_until([this] { return application.idle(); }, kFinishTime);
    if (!finished) log.warn("stopped_with_requests_open", {});
    application.say_goodbye();
    co_await listener.stop(kConnectionsTime);
    application.file_stop();
    journal.stop();
    wakeups.stop();
    renewal.cancel();
    counting.cancel();
    if (embedded) embedded->stop_supervising();
    co_await metrics_listener.stop();
    const bool ended = co_await tasks.all_ended(kJournalTime);
    if (!ended) log.warn("stopped_with_tasks_running", {LogField::count(tasks.size())});
    database.close();
    log.info("stopped", {LogField::seq(journal.seen())});
}

// The writer counts for itself; once a second its numbers become metrics.
net::awaitable<void> Node::Impl::count_journal() {
    storage::JournalWriterStats before;
    for (;;) {
        counting.expires_after(std::chrono::seconds{1});
        const auto [error] = co_await counting.async_wait(kAsTuple);
        if (error) co_return;
        const auto stats = journal.stats();
        metrics.batches_committed.Increment(static_cast<double>(stats.batches - before.batches));
        metrics.entries_committed.Increment(static_cast<double>(stats.entries - before.entries));
        metrics.commits_failed.Increment(
            static_cast<double>(stats.unknown_commits - before.unknown_commits)
        );
        metrics.journal_seq.Set(static_cast<double>(journal.seen()));
        metrics.database_up.Set(journal.available() ? 1 : 0);
        before = stats;
    }
}

net::awaitable<void> Node::Impl::renew_certificate() {
    for (;;) {
        renewal.expires_after(kRenewEvery);
        const auto [error] = co_await renewal.async_wait(kAsTuple);
        if (error) co_return;
        reload_certificate();
    }
}

void Node::Impl::reload_certificate() {
    auto renewed = tls_identity_of(config, wall_clock());
    if (!renewed)
        return log.error("certificate_not_reloaded", {LogField::reason(renewed.error().detail)});
    if (renewed.value().pin != identity.pin && !config.tls_certificate) {
        return log.error("certificate_not_reloaded", {LogField::reason("the TLS key has changed")});
    }
    const auto replaced = tls.replace(renewed.value());
    if (!replaced)
        return log.error("certificate_not_reloaded", {LogField::reason(replaced.error().detail)});
    log.info("certificate_reloaded", {LogField::pin(renewed.value().pin)});
}

Node::Node(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::prepare(const Config& config) {
    WARDLINE_TRY(ensure_data_folder(config.data));
    WARDLINE_TRY(auto keys, load_keys(config.data + "/secrets"));
    WARDLINE_TRY(auto identity, tls_identity_of(config, wall_clock()));
    WARDLINE_TRY(auto tls, TlsContext::make(identity));
    std::optional<storage::EmbeddedPostgres> embedded;
    if (!config.database) {
        WARDLINE_TRY(
            auto started, storage::EmbeddedPostgres::start({.folder = config.data, .binaries = {}})
        );
        embedded.emplace(std::move(started));
    }
    WARDLINE_TRY(
        storage::prepare_databases(database_options(config, embedded ? &*embedded : nullptr))
    );
    auto impl = std::make_unique<Impl>(
        config, std::move(keys), std::move(identity), std::move(tls), std::move(embedded)
    );
    impl->warn_of_unsafe_databases();
    return std::unique_ptr<Node>{new Node{std::move(impl)}};
}

Result<void> Node::run() {
    if (impl_->embedded) impl_->tasks.spawn(impl_->embedded->supervise());
    // Ends the loop itself, so it is in no group.
    TaskGroup top{impl_->context.get_executor(), impl_->log};
    top.spawn(impl_->serve());
    impl_->context.run();
    return impl_->outcome;
}

Result<TlsIdentity> tls_identity_of(const Config& config, Instant now) {
    if (config.tls_certificate) return load_tls_identity(*config.tls_certificate, *config.tls_key);
    return load_or_make_tls_identity(config.data + "/tls", now);
}

Result<std::string> issue_setup_token(const Config& config, Instant now) {
    WARDLINE_TRY(ensure_data_folder(config.data));
    WARDLINE_TRY(auto identity, tls_identity_of(config, now));
    return SetupTokens{config.data + "/setup-tokens"}.issue(identity.pin, now);
}

}  // namespace wardline::server
