#pragma once

#include "protocol/base/result.hpp"
#include "server/log_level.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a node is told at its start: a TOML file, then flags, which win. Every key, its default and
// its bounds are listed in docs/operations.md. Plain values; any thread.
namespace wardline::server {

struct Endpoint {
    std::string address;  // Numeric IPv4 or IPv6, without brackets.
    std::uint16_t port{0};

    // "127.0.0.1:8443" or "[::]:8443"; `usage` with a sentence otherwise. Port 0 lets the system
    // choose.
    static Result<Endpoint> parse(std::string_view text);
    std::string text() const;
    bool operator==(const Endpoint&) const = default;
};

// Limits are configuration. Per address only before somebody has logged in, since a whole clinic
// sits behind one address; per account and device after that.
struct Limits {
    // Connections
    std::uint32_t connections_max{10'000};
    std::uint32_t handshakes_per_second{250};  // Beyond it new connections are closed before TLS.
    std::uint32_t unauthenticated_per_address_max{256};  // Connections at one time.
    std::uint32_t http_per_address_per_minute{120};
    std::chrono::milliseconds handshake_timeout{5'000};
    std::chrono::milliseconds http_timeout{15'000
    };  // For a whole request, and for an idle kept-alive connection.
    std::chrono::milliseconds login_timeout{10'000};  // From the upgrade to a successful login.
    std::chrono::milliseconds idle_timeout{60'000
    };  // Of a WebSocket; pings go out after half of it.
    std::size_t queue_bytes_max{1'048'576};  // Unsent bytes of one connection; then 1013.
    std::uint32_t in_flight_max{64};         // Requests of one connection; then 1008.

    // After login, as token buckets: so many a second, after a burst of ten times as many.
    std::uint32_t device_requests_per_second{50};
    std::uint32_t account_requests_per_second{100};
    std::uint32_t prekey_bundles_per_minute{240};  // Fetched by one account.
    std::uint32_t logins_per_minute{30};           // Attempts for one device, successful or not.

    // Journal
    std::uint32_t batch_max{256};  // Acts a transaction; 1 is a transaction for each.
};

struct Config {
    std::string data;  // Folder of the node's own files; required.
    Endpoint listen{"127.0.0.1", 8443};
    std::optional<std::string>
        database;  // libpq conninfo of the main database; none: a private cluster in `data`.
    std::optional<std::string> key_ring;  // Present exactly when `database` is.
    std::uint32_t database_connections{4};
    std::optional<std::string>
        tls_certificate;                 // PEM files; none: a self-made certificate in `data`.
    std::optional<std::string> tls_key;  // Present exactly when `tls_certificate` is.
    std::optional<Endpoint> metrics;     // Loopback only; none: no metrics.
    LogLevel log_level{LogLevel::info};
    std::vector<std::string>
        allowed_origins;  // Origins that browsers may connect from; others are refused.
    Limits limits;
};

// What one invocation of wardlined is to do.
enum class Command : std::uint8_t { serve, check_config, setup_token, explain };

struct Invocation {
    Command command{Command::serve};
    Config config;
    std::string text;  // For `explain` (--help, --version): what to print.
};

// `file` is the text of a TOML file, `name` what errors call it: `usage` with "name:line:
// sentence". Fills `config`.
Result<void> read_config(std::string_view file, std::string_view name, Config& config);

// The command line, without the program's name, and the file that it names. `usage` with a sentence
// for the person.
Result<Invocation> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace wardline::server
