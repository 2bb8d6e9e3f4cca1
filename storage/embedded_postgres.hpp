#pragma once

#include "protocol/base/result.hpp"
#include "storage/task.hpp"

#include <memory>
#include <string>

// PostgreSQL clusters of our own in a folder: DIR/postgres/main and DIR/postgres/keys, reached only
// by Unix sockets in a private folder with a short name. Started and stopped by this object, and
// gone with this process, however it dies. Owned by main; one thread.
namespace wardline::storage {

struct EmbeddedOptions {
    std::string folder;       // DIR; made (0700) if it does not exist.
    std::string binaries;     // Folder of `postgres` and `initdb`; empty: looked for.
    bool sync_to_disk{true};  // False only in tests: a crash of the machine loses data.
};

class EmbeddedPostgres {
public:
    // Makes the clusters if there are none, stops what an earlier, killed process left, starts both
    // and waits until they take connections. Blocking (seconds). Run as root, the clusters run as
    // the user `postgres` or `nobody`. `io` or `usage` with a sentence for the person.
    static Result<EmbeddedPostgres> start(EmbeddedOptions options);

    EmbeddedPostgres(EmbeddedPostgres&&) noexcept;
    EmbeddedPostgres& operator=(EmbeddedPostgres&&) noexcept;
    // Stops both in order, at the latest with SIGQUIT after 20 s.
    ~EmbeddedPostgres();

    // conninfo of each database, for DatabaseOptions.
    std::string main_conninfo() const;
    std::string keys_conninfo() const;

    // Restarts a cluster whose server ends. Spawn it once; ends with stop_supervising().
    net::awaitable<void> supervise();
    void stop_supervising();

    // The servers' process ids, main and keys; -1 while one is down. For tests and metrics.
    int main_pid() const;
    int keys_pid() const;

private:
    struct Impl;
    explicit EmbeddedPostgres(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage
