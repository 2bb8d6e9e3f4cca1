#pragma once

#include "protocol/base/result.hpp"

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

// One PostgreSQL cluster of ours and its server process. Used by EmbeddedPostgres alone. Everything
// here is short of a few milliseconds unless it says that it blocks. One thread: the server is told
// to end (PR_SET_PDEATHSIG) when the thread that started it does.
namespace wardline::storage {

// The operating system user that the cluster belongs to: ourselves, or, for root, which PostgreSQL
// refuses, `postgres` or else `nobody`.
struct ClusterUser {
    uid_t uid;
    gid_t gid;
    bool drop;  // We are root and become this user.
};
Result<ClusterUser> cluster_user();

struct ClusterOptions {
    std::string folder;         // Data directory; its parent exists.
    std::string log;            // File that the server's messages are appended to.
    std::string binaries;       // Folder of `postgres` and `initdb`.
    std::string socket_folder;  // Belongs to the user.
    int port{5432};             // Only part of the socket's name: nothing listens on TCP.
    bool sync_to_disk{true};
    std::vector<std::string> initdb_arguments;
    std::vector<std::string> settings;  // "name=value"
    ClusterUser user;
};

class PostgresProcess {
public:
    explicit PostgresProcess(ClusterOptions options);
    PostgresProcess(const PostgresProcess&) = delete;
    PostgresProcess& operator=(const PostgresProcess&) = delete;
    ~PostgresProcess();

    // Makes the cluster if there is none. Blocks for about a second. A cluster half made by a
    // killed process is made anew.
    Result<void> create();
    // Ends what an earlier process of ours left running in the folder. Blocks until it is gone.
    Result<void> stop_leftovers();
    // Starts the server, of which nothing may be left running; it takes connections a little later.
    Result<void> spawn();
    // Blocks until the server takes connections; `io` with the end of its log when it does not.
    Result<void> wait_ready(std::chrono::milliseconds limit);
    // An orderly, then an immediate, then a forced stop. Blocks until it is gone.
    void stop();

    // Whether the server that spawn() started still runs; notes its end.
    bool running();
    // Processes that have the data directory open as their working directory: all of a server's.
    std::vector<pid_t> processes() const;
    pid_t pid() const noexcept { return pid_; }
    // Everything but the database's name.
    std::string conninfo() const;

private:
    Result<void> open_folder(const std::string& path);
    Result<void> check_version() const;
    Result<pid_t> launch(const std::string& program, std::vector<std::string> arguments) const;
    pid_t recorded_pid() const;
    void forget_stale_locks() const;
    bool wait_gone(std::chrono::milliseconds limit);

    ClusterOptions options_;
    int folder_fd_{-1};
    pid_t pid_{-1};
};

// The last lines of a log file, for a person.
std::string end_of_log(const std::string& path);

}  // namespace wardline::storage
