#pragma once

#include "protocol/base/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>

// A wardlined of our own in a private folder, with the databases it starts, and what they cost.
// Errors are exceptions: a benchmark that cannot run has nothing else to do.
namespace wardline::bench {

// A folder that is gone when this is.
class PrivateFolder {
public:
    explicit PrivateFolder(const std::filesystem::path& below);
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    ~PrivateFolder();
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

// Counted since the processes began; differences are what counts.
struct Cost {
    double server_cpu_us{0};
    double database_cpu_us{0};
    double bytes_written{0};  // Handed to the disks by both.
};
Cost operator-(const Cost& later, const Cost& earlier);
Cost operator/(const Cost& cost, double count);

struct PrivateServerOptions {
    std::filesystem::path below{"/var/tmp"};
    unsigned batch_max{256};
    std::string log_level{"warn"};
};

class PrivateServer {
public:
    explicit PrivateServer(const PrivateServerOptions& options);
    PrivateServer(const PrivateServer&) = delete;
    PrivateServer& operator=(const PrivateServer&) = delete;
    ~PrivateServer();

    std::uint16_t port() const noexcept { return port_; }
    std::filesystem::path data() const { return folder_.path() / "server"; }
    // The private folder, for what clients need.
    const std::filesystem::path& folder() const noexcept { return folder_.path(); }
    // Of its main database, as the user that owns the cluster.
    std::string main_conninfo() const;
    // For the one clinic that can be set up.
    std::string setup_token() const;
    Cost cost() const;
    // Resident memory of the server alone, without its databases.
    std::uint64_t resident_bytes() const;

private:
    void wait_for_port();

    PrivateFolder folder_;
    pid_t pid_{-1};
    std::uint16_t port_{0};
};

}  // namespace wardline::bench
