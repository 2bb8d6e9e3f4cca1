#include "storage/wakeups.hpp"

#include "storage/database.hpp"
#include "storage/pg/connection.hpp"
#include "storage/pg/event.hpp"

#include <algorithm>
#include <charconv>

namespace wardline::storage {
namespace {

constexpr pg::Query kListen{"listen", "listen wardline_journal"};
constexpr std::chrono::milliseconds kPause{500};
// So long a connection is believed without a sign of life.
constexpr std::chrono::milliseconds kListenFor{10'000};
constexpr pg::Query kAlive{"alive", "select 1"};

// Of what is no number: anything may have been written.
Seq newest_of(const std::vector<std::string>& payloads) {
    Seq newest = 0;
    for (const auto& payload : payloads) {
        Seq seq = 0;
        const auto* end = payload.data() + payload.size();
        const auto [stop, error] = std::from_chars(payload.data(), end, seq);
        if (error != std::errc{} || stop != end) return Wakeups::kUnknown;
        newest = std::max(newest, seq);
    }
    return newest;
}

}  // namespace

struct Wakeups::Impl {
    Impl(Database& with, Woken call)
        : database{with}, woken{std::move(call)}, pause{with.executor()} {}

    Task<void> listen() {
        pg::ConnectOptions options;
        options.conninfo = database.options().main;
        options.role = "wardline_server";
        options.fence = false;  // Nothing is read through it.
        WARDLINE_CO_TRY(connection, co_await pg::Connection::open(database.executor(), options));
        WARDLINE_CO_TRY(co_await connection->run(kListen, {}, database.options().deadline));
        woken(kUnknown);  // For what came while nobody listened.
        while (!stopped) {
            WARDLINE_CO_TRY(const auto payloads, co_await connection->notified(kListenFor));
            if (!payloads.empty()) {
                woken(newest_of(payloads));
            } else if (!stopped) {
                WARDLINE_CO_TRY(co_await connection->run(kAlive, {}, database.options().deadline));
            }
        }
        co_return success();
    }

    Database& database;
    Woken woken;
    pg::Event pause;
    std::unique_ptr<pg::Connection> connection;
    bool stopped{false};
};

Wakeups::Wakeups(Database& database, Woken woken)
    : impl_{std::make_unique<Impl>(database, std::move(woken))} {}
Wakeups::~Wakeups() = default;

net::awaitable<void> Wakeups::run() {
    while (!impl_->stopped) {
        static_cast<void>(co_await impl_->listen());
        if (!impl_->stopped) co_await impl_->pause.wait(kPause);
    }
    impl_->connection.reset();
}

void Wakeups::stop() {
    impl_->stopped = true;
    impl_->pause.notify();
    if (impl_->connection) impl_->connection->close();
}

}  // namespace wardline::storage
