#pragma once

#include "storage/pg/query.hpp"
#include "storage/pg/rows.hpp"
#include "storage/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// One connection to PostgreSQL, never blocking, always in pipeline mode. One user at a time; one
// thread. The only file of storage/ that awaits a socket is its .cpp.
namespace wardline::storage::pg {

struct ConnectOptions {
    std::string conninfo;
    std::string role;      // SET ROLE for the whole session; empty: the user of the conninfo.
    std::string settings;  // More server settings: "-c name=value -c …".
    std::chrono::milliseconds connect_deadline{2'000};
    // A fresh connection makes one synchronous write, so that nothing is read through it that a
    // failover could lose (a commit whose standby has not answered is visible after a crash).
    bool fence{true};
};

class Connection {
public:
    // `unavailable` when nobody answers in time.
    static Task<std::unique_ptr<Connection>> open(
        net::any_io_executor executor, ConnectOptions options
    );
    ~Connection();

    // Sends all statements at once, then reads all answers. Outside of a transaction they are one.
    // On an error the statements behind the failed one are not run, the error is answered, by the
    // table of sqlstate.hpp, and the connection is closed, so that PostgreSQL rolls back. On the
    // deadline it is closed too, never cancelled: PostgreSQL reports a cancelled commit as done.
    Task<std::vector<Rows>> run(
        std::vector<Statement> statements, std::chrono::milliseconds deadline
    );
    Task<Rows> run(const Query& query, Params params, std::chrono::milliseconds deadline);

    // Waits for a NOTIFY on a channel that was listened to. The payloads of those that came, none
    // when none came in time.
    Task<std::vector<std::string>> notified(std::chrono::milliseconds limit);

    // Nothing more can be done with it.
    bool broken() const;
    // Notices received so far. One that arrives while COMMIT runs makes its outcome unknown: a
    // wait for the standby that was broken off is reported as nothing but a warning.
    std::uint64_t notices() const;
    void close();

    struct Impl;

private:
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage::pg
