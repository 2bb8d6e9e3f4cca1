#include "storage/wakeups.hpp"

#include "storage/database.hpp"
#include "storage/pg/connection.hpp"
#include "storage/pg/event.hpp"

namespace wardline::storage {
namespace {

constexpr pg::Query kListen{"listen", "listen wardline_journal"};
constexpr std::chrono::milliseconds kPause{500};
// So long a connection is believed without a sign of life.
constexpr std::chrono::milliseconds kListenFor{10'000};
constexpr pg::Query kAlive{"alive", "select 1"};

}  // namespace

struct Wakeups::Impl {
    Impl(Database& with, std::function<void()> call)
        : database{with}, woken{std::move(call)}, pause{with.executor()} {}

    Task<void> listen() {
        pg::ConnectOptions options;
        options.conninfo = database.options().main;
        options.role = "wardline_server";
        options.fence = false;  // Nothing is read through it.
        WARDLINE_CO_TRY(connection, co_await pg::Connection::open(database.executor(), options));
        WARDLINE_CO_TRY(co_await connection->run(kListen, {}, database.options().deadline));
        woken();  // For what came while nobody listened.
        while (!stopped) {
            WARDLINE_CO_TRY(const auto any, co_await connection->notified(kListenFor));
            if (any) {
                woken();
            } else if (!stopped) {
                WARDLINE_CO_TRY(co_await connection->run(kAlive, {}, database.options().deadline));
            }
        }
        co_return success();
    }

    Database& database;
    std::function<void()> woken;
    pg::Event pause;
    std::unique_ptr<pg::Connection> connection;
    bool stopped{false};
};

Wakeups::Wakeups(Database& database, std::function<void()> woken)
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
