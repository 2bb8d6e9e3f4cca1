#include "storage/embedded_postgres.hpp"

#include "storage/pg/event.hpp"
#include "storage/postgres_process.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <libpq-fe.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace wardline::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kStartLimit{120'000};  // Recovery after a crash reads the log again.
constexpr milliseconds kSupervisePause{100};
constexpr std::uintmax_t kLogBytesMax = 10 * 1024 * 1024;

Error io_error(const std::string& what) {
    return Error{Code::io, what + ": " + std::generic_category().message(errno)};
}

// A lock for as long as this process lives; its children do not inherit it.
class FolderLock {
public:
    static Result<FolderLock> take(const std::string& folder) {
        const auto path = folder + "/lock";
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return io_error("cannot open " + path);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            ::close(fd);
            return Error{Code::usage, "another wardlined already runs in this folder: " + folder};
        }
        return FolderLock{fd};
    }
    FolderLock(FolderLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock() {
        if (fd_ >= 0) ::close(fd_);
    }

private:
    explicit FolderLock(int fd) : fd_{fd} {}
    int fd_;
};

Result<void> make_private(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return io_error("cannot make the folder " + folder);
    }
    struct stat info{};
    if (::stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        return Error{Code::io, folder + " is not a folder"};
    }
    return success();
}

// Debian keeps each version of PostgreSQL in a folder of its own; elsewhere the path leads to it.
Result<std::string> find_binaries(const std::string& given) {
    if (!given.empty()) return given;
    const auto version = std::to_string(PQlibVersion() / 10'000);
    std::vector<std::string> places{
        "/usr/lib/postgresql/" + version + "/bin", "/usr/lib/postgresql/15/bin"
    };
    if (const auto* path = std::getenv("PATH"); path != nullptr) {
        std::string rest{path};
        for (std::size_t end = 0; !rest.empty(); rest.erase(0, end + 1)) {
            end = std::min(rest.find(':'), rest.size());
            places.push_back(rest.substr(0, end));
            if (end == rest.size()) break;
        }
    }
    for (const auto& place : places) {
        if (::access((place + "/postgres").c_str(), X_OK) == 0 &&
            ::access((place + "/initdb").c_str(), X_OK) == 0) {
            return place;
        }
    }
    return Error{
        Code::usage,
        "PostgreSQL is not installed (Debian: apt-get install postgresql-15), or name a database "
        "with "
        "--database and --key-ring"
    };
}

// A socket's whole path has 107 bytes at most, and --data may be longer.
std::string socket_root(const ClusterUser& user) {
    if (user.drop && ::access("/run", W_OK) == 0) return "/run";
    if (const auto* runtime = std::getenv("XDG_RUNTIME_DIR"); !user.drop && runtime != nullptr &&
                                                              std::strlen(runtime) < 60 &&
                                                              ::access(runtime, W_OK) == 0) {
        return runtime;
    }
    return "/tmp";
}

bool is_private_folder_of(const std::string& path, const ClusterUser& user) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == user.uid &&
           (info.st_mode & 077) == 0;
}

// The folder of an earlier start is used again, so that killed processes leave no trail of them.
Result<std::string> socket_folder(const std::string& memo, const ClusterUser& user) {
    std::string known;
    std::getline(std::ifstream{memo} >> std::ws, known);
    if (known.find("/wardline-") != std::string::npos && known.size() < 90 &&
        is_private_folder_of(known, user)) {
        return known;
    }
    auto path = socket_root(user) + "/wardline-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return io_error("cannot make a folder for sockets");
    if (user.drop && ::chown(path.c_str(), user.uid, user.gid) != 0) {
        return io_error("cannot give " + path + " to the database's user");
    }
    std::ofstream{memo, std::ios::trunc} << path << '\n';
    return path;
}

void shorten_log(const std::string& path) {
    std::error_code ec;
    if (fs::file_size(path, ec) > kLogBytesMax && !ec) fs::resize_file(path, 0, ec);
}

// Both clusters. Acknowledged means committed with fsync: nothing here may weaken that. The log
// carries no values: no statements, no parameters, no details of rows.
std::vector<std::string> common_settings(bool sync_to_disk) {
    return {
        sync_to_disk ? "fsync=on" : "fsync=off",
        "synchronous_commit=on",
        "full_page_writes=on",
        "wal_level=replica",
        "wal_compression=lz4",
        "jit=off",
        "max_parallel_workers_per_gather=0",
        "timezone=UTC",
        "log_timezone=UTC",
        "logging_collector=off",
        "log_destination=stderr",
        "log_min_messages=warning",
        "log_min_error_statement=panic",
        "log_parameter_max_length_on_error=0",
        "log_error_verbosity=terse",
        "log_statement=none",
        "log_checkpoints=off",
    };
}

std::vector<std::string> main_settings(bool sync_to_disk) {
    auto out = common_settings(sync_to_disk);
    out.insert(
        out.end(),
        {"shared_buffers=128MB",
         "max_connections=40",
         "max_wal_size=1GB",
         "checkpoint_completion_target=0.9"}
    );
    return out;
}

// Destroyed keys must leave the write-ahead log soon, so there is little of it and its files are
// deleted, not used again.
std::vector<std::string> keys_settings(bool sync_to_disk) {
    auto out = common_settings(sync_to_disk);
    out.insert(
        out.end(),
        {"shared_buffers=16MB",
         "max_connections=20",
         "wal_recycle=off",
         "min_wal_size=2MB",
         "max_wal_size=16MB",
         "wal_keep_size=0"}
    );
    return out;
}

Result<void> create_database(const PostgresProcess& process) {
    struct Finish {
        void operator()(PGconn* conn) const { PQfinish(conn); }
    };
    const std::unique_ptr<PGconn, Finish> conn{
        PQconnectdb((process.conninfo() + " dbname=postgres connect_timeout=10").c_str())
    };
    PQclear(PQexec(conn.get(), "create database wardline"));  // Exists already: fine.
    const std::unique_ptr<PGconn, Finish> made{
        PQconnectdb((process.conninfo() + " dbname=wardline connect_timeout=10").c_str())
    };
    if (PQstatus(made.get()) != CONNECTION_OK) {
        return Error{
            Code::io, std::string{"cannot open the database: "} + PQerrorMessage(made.get())
        };
    }
    return success();
}

}  // namespace

struct EmbeddedPostgres::Impl {
    Impl(
        FolderLock held,
        std::string sockets_at,
        ClusterOptions main_options,
        ClusterOptions keys_options
    )
        : lock{std::move(held)},
          sockets{std::move(sockets_at)},
          main{std::move(main_options)},
          keys{std::move(keys_options)} {}

    ~Impl() {
        main.stop();
        keys.stop();
        ::rmdir(sockets.c_str());  // Only if nobody's socket is left in it.
    }

    FolderLock lock;
    std::string sockets;
    PostgresProcess main;
    PostgresProcess keys;
    bool supervising{false};
};

Result<EmbeddedPostgres> EmbeddedPostgres::start(EmbeddedOptions options) {
    WARDLINE_TRY(const auto binaries, find_binaries(options.binaries));
    WARDLINE_TRY(const auto user, cluster_user());
    WARDLINE_TRY(make_private(options.folder));
    std::error_code ec;
    const auto root = fs::canonical(options.folder, ec).string() + "/postgres";
    if (ec) return Error{Code::io, "cannot find " + options.folder + ": " + ec.message()};
    WARDLINE_TRY(make_private(root));
    WARDLINE_TRY(auto lock, FolderLock::take(root));
    WARDLINE_TRY(const auto sockets, socket_folder(root + "/socket-folder", user));

    const auto cluster = [&](const std::string& name, int port) {
        ClusterOptions out;
        out.folder = root + "/" + name;
        out.log = root + "/" + name + ".log";
        out.binaries = binaries;
        out.socket_folder = sockets;
        out.port = port;
        out.sync_to_disk = options.sync_to_disk;
        out.user = user;
        shorten_log(out.log);
        return out;
    };
    auto main = cluster("main", 5432);
    main.settings = main_settings(options.sync_to_disk);
    auto keys = cluster("keys", 5433);
    keys.settings = keys_settings(options.sync_to_disk);
    keys.initdb_arguments = {"--wal-segsize=1"};

    auto impl = std::make_unique<Impl>(std::move(lock), sockets, std::move(main), std::move(keys));
    for (auto* process : {&impl->main, &impl->keys}) {
        WARDLINE_TRY(process->create());
        WARDLINE_TRY(process->stop_leftovers());
        WARDLINE_TRY(process->spawn());
    }
    for (auto* process : {&impl->main, &impl->keys}) {
        WARDLINE_TRY(process->wait_ready(kStartLimit));
        WARDLINE_TRY(create_database(*process));
    }
    return EmbeddedPostgres{std::move(impl)};
}

EmbeddedPostgres::EmbeddedPostgres(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
EmbeddedPostgres::EmbeddedPostgres(EmbeddedPostgres&&) noexcept = default;
EmbeddedPostgres& EmbeddedPostgres::operator=(EmbeddedPostgres&&) noexcept = default;
EmbeddedPostgres::~EmbeddedPostgres() = default;

std::string EmbeddedPostgres::main_conninfo() const {
    return impl_->main.conninfo() + " dbname=wardline";
}
std::string EmbeddedPostgres::keys_conninfo() const {
    return impl_->keys.conninfo() + " dbname=wardline";
}
int EmbeddedPostgres::main_pid() const {
    return impl_->main.pid();
}
int EmbeddedPostgres::keys_pid() const {
    return impl_->keys.pid();
}

net::awaitable<void> EmbeddedPostgres::supervise() {
    auto* impl = impl_.get();
    impl->supervising = true;
    pg::Event pause{co_await net::this_coro::executor};
    while (impl->supervising) {
        for (auto* process : {&impl->main, &impl->keys}) {
            if (process->running()) continue;
            // Backends notice the end of their server by themselves; a new one cannot start before.
            // Where it cannot start for another reason (a full disk), the next round tries again.
            if (process->processes().empty()) static_cast<void>(process->spawn());
        }
        co_await pause.wait(kSupervisePause);
    }
}

void EmbeddedPostgres::stop_supervising() {
    impl_->supervising = false;
}

}  // namespace wardline::storage
