#pragma once

#include "protocol/base/result.hpp"
#include "storage/task.hpp"

#include <chrono>
#include <memory>
#include <string>

// The two databases of a node: the main one, and the key ring's in a cluster of its own. Owned by
// main, shared by everything in storage; one thread.
namespace wardline::storage {

namespace pg {
class Pool;
}

struct DatabaseOptions {
    std::string main;  // libpq conninfo, as a user who owns the schema or may create it.
    std::string keys;
    unsigned connections{4};                    // To the main database, for reading.
    std::chrono::milliseconds deadline{5'000};  // Of one query; then its connection is closed.
};

// Brings both schemas to this program's version. Blocking, before the io_context runs. `usage` with
// a sentence for the person: a schema newer than the program, a changed migration, or both
// conninfos leading to one cluster; nothing is touched then. `unavailable` while a server does not
// answer.
Result<void> prepare_databases(const DatabaseOptions& options);

class Database {
public:
    Database(net::any_io_executor executor, DatabaseOptions options);
    ~Database();

    // In this release a database holds one clinic, and this is its number in every table.
    int clinic() const noexcept { return 1; }

    const DatabaseOptions& options() const noexcept;
    net::any_io_executor executor() const;
    pg::Pool& main();       // As role wardline_server.
    pg::Pool& retention();  // As role wardline_retention; one connection.
    pg::Pool& keys();

    // Closes idle connections and refuses new work.
    void close();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage
