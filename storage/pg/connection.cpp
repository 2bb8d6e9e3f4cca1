#include "storage/pg/connection.hpp"

#include "storage/pg/sqlstate.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <libpq-fe.h>

#include <array>
#include <new>
#include <optional>
#include <unordered_set>

namespace wardline::storage::pg {
namespace {

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
using Wait = net::posix::descriptor_base;
using namespace net::experimental::awaitable_operators;

struct FinishConnection {
    void operator()(PGconn* conn) const noexcept { PQfinish(conn); }
};
using PgConn = std::unique_ptr<PGconn, FinishConnection>;

// libpq's texts end in a line feed.
std::string sentence(const char* text) {
    std::string out{text == nullptr ? "" : text};
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
}

// Only the code and the primary message: details and context can hold values of rows.
Error error_of(const PGresult* result) {
    const auto* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const auto* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string sqlstate{state == nullptr ? "" : state};
    return Error{
        code_of(sqlstate),
        sqlstate + " " + sentence(message == nullptr ? PQresultErrorMessage(result) : message)
    };
}

constexpr Query kFence{
    "fence", "select pg_logical_emit_message(true, 'wardline', 'fence')::text is not null"
};

}  // namespace

struct Connection::Impl {
    explicit Impl(const net::any_io_executor& executor)
        : socket{executor}, timer{executor}, alive{std::make_shared<bool>(true)} {}

    // libpq owns the descriptor: take it back from Asio before PQfinish closes it, or the number,
    // once reused, would bring us another connection's events.
    ~Impl() { close(); }

    void close() {
        broken = true;
        *alive = false;
        timer.cancel();
        release();
        conn.reset();
        prepared.clear();
    }
    void release() {
        if (!socket.is_open()) return;
        socket.cancel();
        socket.release();
    }

    // From here on every wait ends at the deadline. The flag outlives a handler that is late.
    void start_deadline(std::chrono::milliseconds limit) {
        timed_out = false;
        timer.expires_after(limit);
        timer.async_wait([this, alive_flag = alive](const boost::system::error_code& ec) {
            if (ec || !*alive_flag || timer.expiry() > std::chrono::steady_clock::now()) return;
            timed_out = true;
            if (socket.is_open()) socket.cancel();
        });
    }
    void end_deadline() { timer.cancel(); }

    Error failed(std::string what) {
        auto detail = timed_out ? "the database did not answer in time" : std::move(what);
        close();
        return Error{Code::unavailable, "database connection: " + detail};
    }

    Result<void> adopt_socket() {
        boost::system::error_code ec;
        socket.assign(PQsocket(conn.get()), ec);
        if (ec) return failed(ec.message());
        return success();
    }

    Task<void> wait(Wait::wait_type what) {
        if (timed_out) co_return failed("");
        const auto [ec] = co_await socket.async_wait(what, kAsTuple);
        if (broken) co_return Error{Code::unavailable, "database connection: closed"};
        if (ec) co_return failed(ec.message());
        co_return success();
    }

    Task<void> connect(const ConnectOptions& options);
    Task<void> flush();
    Task<PGresult*> next_result();
    Result<void> send(const Statement& statement, std::size_t& results);
    Result<void> prepare(const Statement& statement, const Params::Wire& wire);

    PgConn conn;
    net::posix::stream_descriptor socket;
    net::steady_timer timer;
    std::shared_ptr<bool> alive;
    std::unordered_set<const Query*> prepared;
    std::uint64_t notices{0};
    bool timed_out{false};
    bool broken{false};
};

namespace {

void count_notice(void* impl, const PGresult*) {
    ++static_cast<Connection::Impl*>(impl)->notices;
}

}  // namespace

Task<void> Connection::Impl::connect(const ConnectOptions& options) {
    auto server_options = options.settings;
    if (!options.role.empty()) server_options += " -c role=" + options.role;
    // The conninfo stands in dbname, where libpq expands it; what follows it wins.
    const std::array keywords{
        "dbname",
        "options",
        "application_name",
        "client_encoding",
        "tcp_user_timeout",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "target_session_attrs",
        static_cast<const char*>(nullptr)
    };
    const std::array values{
        options.conninfo.c_str(),
        server_options.c_str(),
        "wardlined",
        "UTF8",
        "3000",
        "1",
        "1",
        "3",
        "read-write",
        static_cast<const char*>(nullptr)
    };
    conn.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!conn) throw std::bad_alloc{};
    if (PQstatus(conn.get()) == CONNECTION_BAD)
        co_return failed(sentence(PQerrorMessage(conn.get())));
    PQsetNoticeReceiver(conn.get(), count_notice, this);

    auto state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) co_return failed(sentence(PQerrorMessage(conn.get())));
        // With several hosts every attempt has a socket of its own.
        release();
        WARDLINE_CO_TRY(adopt_socket());
        const auto what = state == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write;
        WARDLINE_CO_TRY(co_await wait(what));
        state = PQconnectPoll(conn.get());
    }
    release();
    WARDLINE_CO_TRY(adopt_socket());
    if (PQsetnonblocking(conn.get(), 1) != 0 || PQenterPipelineMode(conn.get()) != 1) {
        co_return failed(sentence(PQerrorMessage(conn.get())));
    }
    co_return success();
}

// While our statements wait to be sent the server may wait for us to read its answers.
Task<void> Connection::Impl::flush() {
    for (;;) {
        const auto state = PQflush(conn.get());
        if (state == 0) co_return success();
        if (state < 0) co_return failed(sentence(PQerrorMessage(conn.get())));
        if (timed_out) co_return failed("");
        const auto ready = co_await (
            socket.async_wait(Wait::wait_write, kAsTuple) ||
            socket.async_wait(Wait::wait_read, kAsTuple)
        );
        if (broken) co_return Error{Code::unavailable, "database connection: closed"};
        if (timed_out) co_return failed("");
        if (ready.index() == 1 && PQconsumeInput(conn.get()) != 1) {
            co_return failed(sentence(PQerrorMessage(conn.get())));
        }
    }
}

// The next answer, or null between the answers of two statements.
Task<PGresult*> Connection::Impl::next_result() {
    while (PQisBusy(conn.get()) != 0) {
        WARDLINE_CO_TRY(co_await wait(Wait::wait_read));
        if (PQconsumeInput(conn.get()) != 1) {
            co_return failed(sentence(PQerrorMessage(conn.get())));
        }
    }
    co_return PQgetResult(conn.get());
}

Result<void> Connection::Impl::prepare(const Statement& statement, const Params::Wire& wire) {
    if (PQsendPrepare(
            conn.get(),
            statement.query->name,
            statement.query->sql,
            static_cast<int>(wire.types.size()),
            wire.types.data()
        ) != 1) {
        return failed(sentence(PQerrorMessage(conn.get())));
    }
    prepared.insert(statement.query);
    return success();
}

// Adds to `results` how many answers will come.
Result<void> Connection::Impl::send(const Statement& statement, std::size_t& results) {
    const auto wire = statement.params.wire();
    if (!prepared.contains(statement.query)) {
        WARDLINE_TRY(prepare(statement, wire));
        ++results;
    }
    if (PQsendQueryPrepared(
            conn.get(),
            statement.query->name,
            static_cast<int>(wire.values.size()),
            wire.values.data(),
            wire.lengths.data(),
            wire.formats.data(),
            1
        ) != 1) {
        return failed(sentence(PQerrorMessage(conn.get())));
    }
    ++results;
    return success();
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Connection::~Connection() = default;

Task<std::unique_ptr<Connection>> Connection::open(
    net::any_io_executor executor, ConnectOptions options
) {
    auto impl = std::make_unique<Impl>(executor);
    impl->start_deadline(options.connect_deadline);
    WARDLINE_CO_TRY(co_await impl->connect(options));
    impl->end_deadline();
    std::unique_ptr<Connection> connection{new Connection{std::move(impl)}};
    if (options.fence) {
        WARDLINE_CO_TRY(co_await connection->run(kFence, {}, options.connect_deadline));
    }
    co_return std::move(connection);
}

Task<std::vector<Rows>> Connection::run(
    std::vector<Statement> statements, std::chrono::milliseconds deadline
) {
    auto& impl = *impl_;
    if (impl.broken) co_return Error{Code::unavailable, "database connection: closed"};
    impl.start_deadline(deadline);

    std::vector<bool> answers_query;  // Whether the answer at this place is that of a query.
    for (const auto& statement : statements) {
        std::size_t results = 0;
        WARDLINE_CO_TRY(impl.send(statement, results));
        if (results == 2) answers_query.push_back(false);
        answers_query.push_back(true);
    }
    if (PQpipelineSync(impl.conn.get()) != 1) {
        co_return impl.failed(sentence(PQerrorMessage(impl.conn.get())));
    }
    WARDLINE_CO_TRY(co_await impl.flush());

    std::vector<Rows> rows;
    rows.reserve(statements.size());
    std::optional<Error> failure;
    for (std::size_t place = 0;;) {
        WARDLINE_CO_TRY(auto* raw, co_await impl.next_result());
        if (raw == nullptr) {
            ++place;
            if (PQstatus(impl.conn.get()) != CONNECTION_OK || place > answers_query.size()) {
                co_return impl.failed("the server ended the connection");
            }
            continue;
        }
        Rows result{raw};
        const auto status = PQresultStatus(raw);
        if (status == PGRES_PIPELINE_SYNC) break;
        if (status == PGRES_FATAL_ERROR && !failure) failure = error_of(raw);
        const bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        if (good && place < answers_query.size() && answers_query[place]) {
            rows.push_back(std::move(result));
        }
    }
    impl.end_deadline();
    if (failure) {
        // Which of the statements behind the failed one are prepared now is not known, and a
        // transaction may be open. Connections are cheap beside finding out.
        impl.close();
        co_return *std::move(failure);
    }
    co_return std::move(rows);
}

Task<Rows> Connection::run(const Query& query, Params params, std::chrono::milliseconds deadline) {
    std::vector<Statement> statements;
    statements.push_back({&query, std::move(params)});
    WARDLINE_CO_TRY(auto rows, co_await run(std::move(statements), deadline));
    co_return std::move(rows.front());
}

Task<std::vector<std::string>> Connection::notified(std::chrono::milliseconds limit) {
    auto& impl = *impl_;
    if (impl.broken) co_return Error{Code::unavailable, "database connection: closed"};
    const auto take = [&impl] {
        std::vector<std::string> payloads;
        while (auto* notify = PQnotifies(impl.conn.get())) {
            payloads.emplace_back(notify->extra);
            PQfreemem(notify);
        }
        return payloads;
    };
    if (auto payloads = take(); !payloads.empty()) co_return payloads;
    impl.start_deadline(limit);
    const auto [ec] = co_await impl.socket.async_wait(Wait::wait_read, kAsTuple);
    if (impl.broken) co_return Error{Code::unavailable, "database connection: closed"};
    if (impl.timed_out) co_return std::vector<std::string>{};
    impl.end_deadline();
    if (ec || PQconsumeInput(impl.conn.get()) != 1) {
        co_return impl.failed("the server ended the connection");
    }
    co_return take();
}

bool Connection::broken() const {
    return impl_->broken;
}
std::uint64_t Connection::notices() const {
    return impl_->notices;
}
void Connection::close() {
    impl_->close();
}

}  // namespace wardline::storage::pg
