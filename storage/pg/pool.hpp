#pragma once

#include "storage/pg/connection.hpp"

#include <cstddef>
#include <memory>
#include <vector>

// A bounded number of connections, opened when needed. One that failed is dropped, never handed out
// again. One thread.
namespace wardline::storage::pg {

struct PoolOptions {
    ConnectOptions connect;
    std::size_t connections{4};
    std::size_t waiting_max{1'024};  // Callers waiting for a connection; beyond it `unavailable`.
    std::chrono::milliseconds deadline{5'000};  // Of one run() and of waiting for a connection.
};

class Pool {
public:
    Pool(net::any_io_executor executor, PoolOptions options);
    ~Pool();

    // Runs the statements as one on some connection. Where an idle connection turns out to be dead
    // (the server was restarted meanwhile) they are run once more on a fresh one, so they must bear
    // repetition.
    Task<std::vector<Rows>> run(std::vector<Statement> statements);
    Task<Rows> run(const Query& query, Params params);

    std::size_t open_connections() const;
    // Drops idle connections; run() answers `shutting_down` from here on.
    void close();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace wardline::storage::pg
