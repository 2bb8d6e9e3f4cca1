#include "server/settings_record.hpp"

#include "protocol/crypto/crypto.hpp"
#include "server/private_files.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wardline::server {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;

std::string level_text(LogLevel level) {
    return std::to_string(static_cast<int>(level));
}

std::string settings_file(const Config& config) {
    return config.data + "/settings-seen";
}

// Long enough that no two settings look alike, and no value can be read.
std::string fingerprint(const std::string& name, const std::string& value) {
    return crypto::sha256(as_bytes(name + '\0' + value)).hex();
}

void add_limits(std::map<std::string, std::string>& out, const Limits& limits) {
    const auto number = [&out](const char* name, std::uint64_t value) {
        out["limits." + std::string{name}] = std::to_string(value);
    };
    const auto time = [&number](const char* name, std::chrono::milliseconds value) {
        number(name, static_cast<std::uint64_t>(value.count()));
    };
    number("connections_max", limits.connections_max);
    number("handshakes_per_second", limits.handshakes_per_second);
    number("unauthenticated_per_address_max", limits.unauthenticated_per_address_max);
    number("http_per_address_per_minute", limits.http_per_address_per_minute);
    time("handshake_timeout_ms", limits.handshake_timeout);
    time("http_timeout_ms", limits.http_timeout);
    time("login_timeout_ms", limits.login_timeout);
    time("idle_timeout_ms", limits.idle_timeout);
    number("queue_bytes_max", limits.queue_bytes_max);
    number("in_flight_max", limits.in_flight_max);
    number("device_requests_per_second", limits.device_requests_per_second);
    number("account_requests_per_second", limits.account_requests_per_second);
    number("prekey_bundles_per_minute", limits.prekey_bundles_per_minute);
    number("logins_per_minute", limits.logins_per_minute);
    out["database.batch_max"] = std::to_string(limits.batch_max);
}

}  // namespace

std::map<std::string, std::string> settings_of(const Config& config) {
    std::map<std::string, std::string> out{
        {"listen", config.listen.text()},
        {"log_level", level_text(config.log_level)},
        {"allowed_origins", fmt::format("{}", fmt::join(config.allowed_origins, " "))},
        {"database.main", config.database.value_or("")},
        {"database.key_ring", config.key_ring.value_or("")},
        {"database.connections", std::to_string(config.database_connections)},
        {"tls.certificate", config.tls_certificate.value_or("")},
        {"tls.key", config.tls_key.value_or("")},
        {"metrics.listen", config.metrics ? config.metrics->text() : ""},
    };
    add_limits(out, config.limits);
    return out;
}

Result<std::vector<std::string>> changed_settings(const Config& config) {
    const auto before = read_file(settings_file(config), kFileBytesMax);
    if (!before && before.error().code != Code::not_found) return before.error();
    std::vector<std::string> changed;
    if (!before) return changed;
    const auto seen = nlohmann::json::parse(before.value(), nullptr, false);
    for (const auto& [name, value] : settings_of(config)) {
        const bool same = seen.is_object() && seen.value(name, "") == fingerprint(name, value);
        if (!same) changed.push_back(name);
    }
    return changed;
}

Result<void> remember_settings(const Config& config) {
    auto present = nlohmann::json::object();
    for (const auto& [name, value] : settings_of(config)) present[name] = fingerprint(name, value);
    return write_private_file(settings_file(config), present.dump(1) + "\n");
}

}  // namespace wardline::server
