#include "storage/postgres_process.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace wardline::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPollPause{20};

Error io_error(const std::string& what) {
    return Error{Code::io, what + ": " + std::generic_category().message(errno)};
}

// What the child becomes. Only calls that are safe between fork and exec.
struct Launch {
    const char* program;
    char* const* arguments;
    char* const* environment;
    int log;
    int folder;
    ClusterUser user;
    pid_t parent;
};

[[noreturn]] void become(const Launch& launch) {
    // A session of its own: Ctrl-C at our terminal is for us, who then stop the server in order.
    ::setsid();
    ::dup2(launch.log, STDOUT_FILENO);
    ::dup2(launch.log, STDERR_FILENO);
    const int null = ::open("/dev/null", O_RDONLY);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
    // The data directory is passed as a descriptor: its parents may be closed to this user.
    if (::fcntl(launch.folder, F_SETFD, 0) != 0) ::_exit(126);
    const auto folder = static_cast<unsigned>(launch.folder);
    if (folder > 3) ::syscall(SYS_close_range, 3U, folder - 1, 0U);
    ::syscall(SYS_close_range, folder + 1, ~0U, 0U);
    if (::chdir("/") != 0) ::_exit(126);
    ::umask(0077);
    if (launch.user.drop) {
        if (::setgroups(0, nullptr) != 0 || ::setgid(launch.user.gid) != 0 ||
            ::setuid(launch.user.uid) != 0) {
            ::_exit(126);
        }
    }
    // Behind setuid, which clears it. SIGINT is PostgreSQL's orderly ("fast") stop.
    ::prctl(PR_SET_PDEATHSIG, SIGINT);
    if (::getppid() != launch.parent) ::_exit(126);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGHUP, SIGCHLD}) {
        ::signal(number, SIG_DFL);
    }
    ::execve(launch.program, launch.arguments, launch.environment);
    ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::string folder_argument(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

Result<void> give_to(const std::string& path, const ClusterUser& user) {
    if (user.drop && ::chown(path.c_str(), user.uid, user.gid) != 0) {
        return io_error("cannot give " + path + " to the database's user");
    }
    return success();
}

}  // namespace

Result<ClusterUser> cluster_user() {
    if (::geteuid() != 0) return ClusterUser{::geteuid(), ::getegid(), false};
    for (const auto* name : {"postgres", "nobody"}) {
        if (const auto* entry = ::getpwnam(name); entry != nullptr && entry->pw_uid != 0) {
            return ClusterUser{entry->pw_uid, entry->pw_gid, true};
        }
    }
    return Error{
        Code::io,
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` for it"
    };
}

std::string end_of_log(const std::string& path) {
    std::ifstream file{path};
    std::vector<std::string> last;
    for (std::string line; std::getline(file, line);) {
        last.push_back(line);
        if (last.size() > 3) last.erase(last.begin());
    }
    std::string out;
    for (const auto& line : last) out += (out.empty() ? "" : " | ") + line;
    return out;
}

PostgresProcess::PostgresProcess(ClusterOptions options) : options_{std::move(options)} {}

PostgresProcess::~PostgresProcess() {
    stop();
    if (folder_fd_ >= 0) ::close(folder_fd_);
}

Result<void> PostgresProcess::open_folder(const std::string& path) {
    if (folder_fd_ >= 0) ::close(folder_fd_);
    folder_fd_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder_fd_ < 0) return io_error("cannot open " + path);
    return success();
}

Result<pid_t> PostgresProcess::launch(
    const std::string& program, std::vector<std::string> arguments
) const {
    const auto path = options_.binaries + "/" + program;
    arguments.insert(arguments.begin(), program);
    // Nothing of our own environment, PGOPTIONS and its kind least of all.
    std::vector<std::string> environment{
        "PATH=" + options_.binaries + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/"
    };
    auto argument_pointers = pointers(arguments);
    auto environment_pointers = pointers(environment);
    const int log =
        ::open(options_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log < 0) return io_error("cannot write " + options_.log);
    const Launch child{
        path.c_str(),
        argument_pointers.data(),
        environment_pointers.data(),
        log,
        folder_fd_,
        options_.user,
        ::getpid()
    };
    const pid_t pid = ::fork();
    if (pid == 0) become(child);
    ::close(log);
    if (pid < 0) return io_error("cannot start " + path);
    return pid;
}

Result<void> PostgresProcess::check_version() const {
    std::ifstream file{options_.folder + "/PG_VERSION"};
    std::string have;
    std::getline(file, have);
    // The program that is found is as old or new as its folder says, e.g.
    // /usr/lib/postgresql/15/bin.
    const auto expected = fs::path{options_.binaries}.parent_path().filename().string();
    if (!expected.empty() && expected.find_first_not_of("0123456789") == std::string::npos &&
        expected != have) {
        return Error{
            Code::usage,
            "the database in " + options_.folder + " was written by PostgreSQL " + have +
                ", and PostgreSQL " + expected + " is installed"
        };
    }
    return success();
}

Result<void> PostgresProcess::create() {
    if (fs::exists(options_.folder + "/PG_VERSION")) {
        WARDLINE_TRY(check_version());
        return open_folder(options_.folder);
    }
    const auto draft = options_.folder + ".new";
    std::error_code ec;
    fs::remove_all(draft, ec);
    if (::mkdir(draft.c_str(), 0700) != 0) return io_error("cannot make " + draft);
    WARDLINE_TRY(give_to(draft, options_.user));
    WARDLINE_TRY(open_folder(draft));

    std::vector<std::string> arguments{
        "-D",
        folder_argument(folder_fd_),
        "-U",
        "wardline",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions"
    };
    if (!options_.sync_to_disk) arguments.emplace_back("--no-sync");
    arguments.insert(
        arguments.end(), options_.initdb_arguments.begin(), options_.initdb_arguments.end()
    );
    WARDLINE_TRY(const auto pid, launch("initdb", std::move(arguments)));
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return Error{Code::io, "the database could not be made: " + end_of_log(options_.log)};
    }
    if (::rename(draft.c_str(), options_.folder.c_str()) != 0) {
        return io_error("cannot rename " + draft);
    }
    return success();
}

std::vector<pid_t> PostgresProcess::processes() const {
    std::vector<pid_t> out;
    struct stat ours{};
    if (::fstat(folder_fd_, &ours) != 0) return out;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const auto name = entry.path().filename().string();
        pid_t pid = 0;
        const auto* end = name.data() + name.size();
        if (const auto [stop, ec] = std::from_chars(name.data(), end, pid);
            ec != std::errc{} || stop != end || pid == ::getpid()) {
            continue;
        }
        struct stat theirs{};
        const auto cwd = "/proc/" + name + "/cwd";
        if (::stat(cwd.c_str(), &theirs) != 0) continue;
        if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) out.push_back(pid);
    }
    return out;
}

bool PostgresProcess::wait_gone(milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
        running();
        if (processes().empty()) return true;
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(kPollPause);
    }
}

// What the lock file of a running or killed server says; 0 without one.
pid_t PostgresProcess::recorded_pid() const {
    std::ifstream file{options_.folder + "/postmaster.pid"};
    pid_t pid = 0;
    file >> pid;
    return file ? pid : 0;
}

// A killed server leaves its lock files; the number in them may be anybody's by now, or that of a
// dead process that nobody has waited for yet, and PostgreSQL would not start.
void PostgresProcess::forget_stale_locks() const {
    ::unlinkat(folder_fd_, "postmaster.pid", 0);
    const auto socket = options_.socket_folder + "/.s.PGSQL." + std::to_string(options_.port);
    ::unlink(socket.c_str());
    ::unlink((socket + ".lock").c_str());
}

Result<void> PostgresProcess::stop_leftovers() {
    struct Step {
        int signal;
        milliseconds wait;
    };
    // Orderly, immediate, forced. Backends without a postmaster end by themselves, soon.
    for (const auto& step :
         {Step{SIGINT, milliseconds{10'000}},
          Step{SIGQUIT, milliseconds{5'000}},
          Step{SIGKILL, milliseconds{5'000}}}) {
        const auto left = processes();
        if (left.empty()) break;
        const auto leader = recorded_pid();
        const bool led = std::ranges::find(left, leader) != left.end();
        for (const auto pid : left) {
            if (!led || pid == leader || step.signal == SIGKILL) ::kill(pid, step.signal);
        }
        if (wait_gone(step.wait)) break;
    }
    if (!processes().empty()) {
        return Error{Code::io, "an old database server in " + options_.folder + " does not end"};
    }
    return success();
}

Result<void> PostgresProcess::spawn() {
    forget_stale_locks();
    std::vector<std::string> arguments{"-D", folder_argument(folder_fd_)};
    const auto set = [&arguments](const std::string& setting) {
        arguments.emplace_back("-c");
        arguments.push_back(setting);
    };
    set("listen_addresses=");
    set("port=" + std::to_string(options_.port));
    set("unix_socket_directories=" + options_.socket_folder);
    set("unix_socket_permissions=0700");
    for (const auto& setting : options_.settings) set(setting);
    WARDLINE_TRY(pid_, launch("postgres", std::move(arguments)));
    return success();
}

Result<void> PostgresProcess::wait_ready(milliseconds limit) {
    const auto end = Clock::now() + limit;
    const auto target = conninfo() + " dbname=postgres connect_timeout=2";
    while (PQping(target.c_str()) != PQPING_OK) {
        if (!running() || Clock::now() >= end) {
            return Error{Code::io, "the database does not start: " + end_of_log(options_.log)};
        }
        std::this_thread::sleep_for(kPollPause);
    }
    return success();
}

void PostgresProcess::stop() {
    if (pid_ < 0) return;
    struct Step {
        int signal;
        milliseconds wait;
    };
    for (const auto& step :
         {Step{SIGINT, milliseconds{20'000}},
          Step{SIGQUIT, milliseconds{5'000}},
          Step{SIGKILL, milliseconds{5'000}}}) {
        if (!running()) break;
        ::kill(pid_, step.signal);
        const auto end = Clock::now() + step.wait;
        while (running() && Clock::now() < end) std::this_thread::sleep_for(kPollPause);
    }
    pid_ = -1;
}

bool PostgresProcess::running() {
    if (pid_ < 0) return false;
    int status = 0;
    const auto ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
    pid_ = -1;
    return false;
}

std::string PostgresProcess::conninfo() const {
    return "host=" + options_.socket_folder + " port=" + std::to_string(options_.port) +
           " user=wardline";
}

}  // namespace wardline::storage
