#include "tests/bench/private_server.hpp"

#include "server/setup_tokens.hpp"
#include "server/tls_identity.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace wardline::bench {
namespace {

namespace fs = std::filesystem;

// Limits that a benchmark would run into; the program prints that they are raised.
constexpr auto kRaisedLimits =
    "connections_max = 100000\n"
    "handshakes_per_second = 100000\n"
    "unauthenticated_per_address_max = 100000\n"
    "http_per_address_per_minute = 1000000\n"
    "http_timeout_ms = 600000\n"
    "login_timeout_ms = 600000\n"
    "idle_timeout_ms = 600000\n"
    "device_requests_per_second = 1000000\n"
    "account_requests_per_second = 1000000\n"
    "prekey_bundles_per_minute = 1000000\n"
    "logins_per_minute = 1000000\n";

Instant now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count()
    )};
}

std::string content_of(const fs::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

struct ProcessTimes {
    pid_t parent{0};
    double own_us{0};
    double children_us{0};  // Those that ended.
};

// Of another process, to the nanosecond; /proc counts in hundredths of a second.
double cpu_us_of(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// /proc/PID/stat; its second field may contain anything, so fields are counted from the last ")".
ProcessTimes times_of(pid_t pid) {
    const std::string text = content_of("/proc/" + std::to_string(pid) + "/stat");
    const auto end = text.rfind(')');
    if (end == std::string::npos) return {};
    std::istringstream rest{text.substr(end + 1)};
    std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
    if (fields.size() < 15) return {};
    const double us_per_tick = 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {
        static_cast<pid_t>(std::stol(fields[1])),
        cpu_us_of(pid),
        (std::stod(fields[13]) + std::stod(fields[14])) * us_per_tick
    };
}

double bytes_written_by(pid_t pid) {
    std::istringstream lines{content_of("/proc/" + std::to_string(pid) + "/io")};
    for (std::string name, value; lines >> name >> value;) {
        if (name == "write_bytes:") return std::stod(value);
    }
    return 0;
}

}  // namespace

PrivateFolder::PrivateFolder(const fs::path& below) {
    std::string name = (below / "wardline-bench-XXXXXX").string();
    if (!::mkdtemp(name.data()))
        throw std::runtime_error{"cannot make a folder below " + below.string()};
    path_ = name;
}

PrivateFolder::~PrivateFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Cost operator-(const Cost& later, const Cost& earlier) {
    return {
        later.server_cpu_us - earlier.server_cpu_us,
        later.database_cpu_us - earlier.database_cpu_us,
        later.bytes_written - earlier.bytes_written
    };
}

Cost operator/(const Cost& cost, double count) {
    return {cost.server_cpu_us / count, cost.database_cpu_us / count, cost.bytes_written / count};
}

PrivateServer::PrivateServer(const PrivateServerOptions& options) : folder_{options.below} {
    const auto config = folder_.path() / "wardlined.toml";
    std::ofstream{config} << "data = \"" << data().string()
                          << "\"\nlisten = \"127.0.0.1:0\"\nlog_level = \"info\"\n"
                          << "[database]\nbatch_max = " << options.batch_max << "\n[limits]\n"
                          << kRaisedLimits;
    const auto log = folder_.path() / "server.log";
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error{"cannot fork"};
    if (pid_ == 0) {
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        ::execl(
            WARDLINED_PATH, "wardlined", "--config", config.c_str(), static_cast<char*>(nullptr)
        );
        ::_exit(127);
    }
    try {
        wait_for_port();
    } catch (...) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        throw;
    }
}

void PrivateServer::wait_for_port() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{180};
    const auto log = folder_.path() / "server.log";
    while (std::chrono::steady_clock::now() < end) {
        std::ifstream lines{log};
        for (std::string line; std::getline(lines, line);) {
            const auto entry = nlohmann::json::parse(line, nullptr, false);
            if (!entry.is_object() || entry.value("event", "") != "listening") continue;
            port_ = entry.at("port").get<std::uint16_t>();
            return;
        }
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) break;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    throw std::runtime_error{"the server did not start: " + content_of(log)};
}

PrivateServer::~PrivateServer() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    if (std::uncaught_exceptions() == 0) return;
    const auto log = content_of(folder_.path() / "server.log");
    std::fprintf(stderr, "The server ended with %d and said:\n%s", status, log.c_str());
}

std::string PrivateServer::setup_token() const {
    const auto identity = server::load_or_make_tls_identity((data() / "tls").string(), now());
    return server::SetupTokens{(data() / "setup-tokens").string()}
        .issue(identity.value().pin, now())
        .value();
}

std::string PrivateServer::main_conninfo() const {
    auto sockets = content_of(data() / "postgres" / "socket-folder");
    while (sockets.ends_with('\n')) sockets.pop_back();
    return "host=" + sockets + " port=5432 user=wardline dbname=wardline";
}

Cost PrivateServer::cost() const {
    std::map<pid_t, ProcessTimes> all;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const auto pid = static_cast<pid_t>(std::stol(name));
        all.emplace(pid, times_of(pid));
    }
    Cost cost;
    for (const auto& [pid, times] : all) {
        pid_t above = pid;
        while (above > 1 && above != pid_) above = all.contains(above) ? all.at(above).parent : 0;
        if (above != pid_) continue;
        if (pid == pid_) {
            cost.server_cpu_us += times.own_us;
        } else {
            cost.database_cpu_us += times.own_us + times.children_us;
        }
        cost.bytes_written += bytes_written_by(pid);
    }
    return cost;
}

std::uint64_t PrivateServer::resident_bytes() const {
    std::istringstream fields{content_of("/proc/" + std::to_string(pid_) + "/statm")};
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    fields >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace wardline::bench
