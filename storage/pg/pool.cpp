#include "storage/pg/pool.hpp"

#include "storage/pg/event.hpp"

#include <deque>

namespace wardline::storage::pg {

struct Pool::Impl {
    Impl(net::any_io_executor on, PoolOptions with)
        : executor{std::move(on)}, options{std::move(with)} {}

    struct Taken {
        std::unique_ptr<Connection> connection;
        bool reused{false};
    };

    // Returns the connection, or its place, whatever happens to the coroutine that took it.
    class Lease {
    public:
        Lease(Impl& pool, Taken taken) : pool_{&pool}, taken_{std::move(taken)} {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { pool_->give_back(std::move(taken_.connection)); }
        Connection& connection() { return *taken_.connection; }
        bool reused() const { return taken_.reused; }

    private:
        Impl* pool_;
        Taken taken_;
    };

    Task<Taken> take(bool fresh);
    void give_back(std::unique_ptr<Connection> connection) {
        --in_use;
        if (connection && !connection->broken() && !closed) idle.push_back(std::move(connection));
        if (!waiting.empty()) waiting.front()->notify();
    }

    net::any_io_executor executor;
    PoolOptions options;
    std::vector<std::unique_ptr<Connection>> idle;
    std::deque<Event*> waiting;
    std::size_t in_use{0};
    bool closed{false};
};

Task<Pool::Impl::Taken> Pool::Impl::take(bool fresh) {
    if (in_use >= options.connections || !waiting.empty()) {
        if (waiting.size() >= options.waiting_max) {
            co_return Error{Code::unavailable, "too many wait for a database connection"};
        }
        Event place{executor};
        waiting.push_back(&place);
        co_await place.wait(options.deadline);
        std::erase(waiting, &place);
        if (in_use >= options.connections) {
            co_return Error{Code::unavailable, "no database connection became free in time"};
        }
        // Places may have become free for those behind as well.
        if (in_use + 1 < options.connections && !waiting.empty()) waiting.front()->notify();
    }
    if (closed) co_return Error{Code::shutting_down, "the server is shutting down"};
    ++in_use;
    if (fresh) idle.clear();  // They are as old as the one that was found dead.
    Taken taken;
    while (!idle.empty() && !taken.connection) {
        taken.connection = std::move(idle.back());
        idle.pop_back();
        if (taken.connection->broken()) taken.connection.reset();
    }
    if (taken.connection) {
        taken.reused = true;
        co_return std::move(taken);
    }
    auto opened = co_await Connection::open(executor, options.connect);
    if (!opened) {
        give_back(nullptr);
        co_return std::move(opened).error();
    }
    taken.connection = std::move(opened).value();
    co_return std::move(taken);
}

Pool::Pool(net::any_io_executor executor, PoolOptions options)
    : impl_{std::make_shared<Impl>(std::move(executor), std::move(options))} {}
Pool::~Pool() {
    close();
}

Task<std::vector<Rows>> Pool::run(std::vector<Statement> statements) {
    const auto impl = impl_;
    for (bool second = false;; second = true) {
        WARDLINE_CO_TRY(auto taken, co_await impl->take(second));
        Impl::Lease lease{*impl, std::move(taken)};
        const bool may_repeat = lease.reused() && !second;
        auto rows = co_await lease.connection().run(
            may_repeat ? statements : std::move(statements), impl->options.deadline
        );
        if (rows || !may_repeat || rows.error().code != Code::unavailable)
            co_return std::move(rows);
    }
}

Task<Rows> Pool::run(const Query& query, Params params) {
    std::vector<Statement> statements;
    statements.push_back({&query, std::move(params)});
    WARDLINE_CO_TRY(auto rows, co_await run(std::move(statements)));
    co_return std::move(rows.front());
}

std::size_t Pool::open_connections() const {
    return impl_->in_use + impl_->idle.size();
}

void Pool::close() {
    impl_->closed = true;
    impl_->idle.clear();
    for (auto* waiting : impl_->waiting) waiting->notify();
}

}  // namespace wardline::storage::pg
