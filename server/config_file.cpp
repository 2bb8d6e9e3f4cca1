#include "server/config.hpp"

#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <toml++/toml.h>

namespace wardline::server {
namespace {

std::string at(std::string_view name, const toml::source_region& where) {
    return std::string{name} + ":" + std::to_string(where.begin.line) + ": ";
}

// Reads the keys of one table and remembers which it was asked for, so that finish() finds those
// that nobody knows. The first error is kept and later calls do nothing.
class Table {
public:
    Table(
        const toml::table& table,
        std::string prefix,
        std::string_view name,
        std::optional<Error>& error
    )
        : table_{table}, prefix_{std::move(prefix)}, name_{name}, error_{error} {}

    const toml::node* find(const char* key) {
        known_.insert(key);
        return error_ ? nullptr : table_.get(key);
    }
    void text(const char* key, std::string& into) {
        const auto* const node = find(key);
        if (!node) return;
        if (!node->is_string() || node->as_string()->get().empty())
            return wrong(*node, key, "is a text in quotes");
        into = node->as_string()->get();
    }
    void text(const char* key, std::optional<std::string>& into) {
        std::string value;
        text(key, value);
        if (!value.empty()) into = std::move(value);
    }
    template <class Number>
    void number(const char* key, Number& into, std::int64_t min, std::int64_t max) {
        const auto* const node = find(key);
        if (!node) return;
        const auto value = node->is_integer() ? node->as_integer()->get() : min - 1;
        if (value < min || value > max) {
            return wrong(
                *node, key, "is a number from " + std::to_string(min) + " to " + std::to_string(max)
            );
        }
        into = static_cast<Number>(value);
    }
    void time(const char* key, std::chrono::milliseconds& into) {
        constexpr std::int64_t kMin = 100;
        constexpr std::int64_t kMax = 3'600'000;
        std::int64_t ms = into.count();
        number(key, ms, kMin, kMax);
        into = std::chrono::milliseconds{ms};
    }
    void wrong(const toml::node& node, const char* key, const std::string& sentence) {
        if (!error_)
            error_ = Error{Code::usage, at(name_, node.source()) + prefix_ + key + " " + sentence};
    }
    void finish() {
        for (const auto& [key, value] : table_) {
            if (error_) return;
            if (known_.contains(std::string{key.str()})) continue;
            error_ = Error{
                Code::usage,
                at(name_, key.source()) + "unknown key " + prefix_ + std::string{key.str()}
            };
        }
    }

private:
    const toml::table& table_;
    std::string prefix_;
    std::string_view name_;
    std::optional<Error>& error_;
    std::set<std::string> known_;
};

class File {
public:
    File(std::string_view name, Config& config) : name_{name}, config_{config} {}

    std::optional<Error> read(const toml::table& root) {
        Table top{root, "", name_, error_};
        top.text("data", config_.data);
        endpoint(top, "listen", [this](Endpoint value) { config_.listen = std::move(value); });
        log_level(top);
        origins(top);
        section(top, "database", [this](Table& table) { database(table); });
        section(top, "tls", [this](Table& table) {
            table.text("certificate", config_.tls_certificate);
            table.text("key", config_.tls_key);
        });
        section(top, "metrics", [this](Table& table) {
            endpoint(table, "listen", [this](Endpoint value) {
                config_.metrics = std::move(value);
            });
        });
        section(top, "limits", [this](Table& table) { limits(table); });
        top.finish();
        return error_;
    }

private:
    template <class Fill>
    void section(Table& top, const char* key, Fill fill) {
        const auto* const node = top.find(key);
        if (!node) return;
        if (!node->is_table())
            return top.wrong(*node, key, "is a section: [" + std::string{key} + "]");
        Table table{*node->as_table(), std::string{key} + ".", name_, error_};
        fill(table);
        table.finish();
    }
    template <class Set>
    void endpoint(Table& table, const char* key, Set set) {
        std::string text;
        table.text(key, text);
        if (text.empty()) return;
        auto parsed = Endpoint::parse(text);
        if (!parsed)
            return table.wrong(*table.find(key), key, "is wrong: " + parsed.error().detail);
        set(std::move(parsed.value()));
    }
    void log_level(Table& top) {
        std::string text;
        top.text("log_level", text);
        if (text.empty()) return;
        const auto level = log_level_of(text);
        if (!level)
            return top.wrong(*top.find("log_level"), "log_level", "is debug, info, warn or error");
        config_.log_level = *level;
    }
    void origins(Table& top) {
        const auto* const node = top.find("allowed_origins");
        if (!node) return;
        if (!node->is_array()) return top.wrong(*node, "allowed_origins", "is a list of texts");
        config_.allowed_origins.clear();
        for (const auto& origin : *node->as_array()) {
            if (!origin.is_string())
                return top.wrong(origin, "allowed_origins", "is a list of texts");
            config_.allowed_origins.push_back(origin.as_string()->get());
        }
    }
    void database(Table& table) {
        table.text("main", config_.database);
        table.text("key_ring", config_.key_ring);
        table.number("connections", config_.database_connections, 1, 64);
        table.number("batch_max", config_.limits.batch_max, 1, 1'024);
    }
    void limits(Table& table) {
        constexpr std::int64_t kMax = 1'000'000;
        Limits& limits = config_.limits;
        table.number("connections_max", limits.connections_max, 1, kMax);
        table.number("handshakes_per_second", limits.handshakes_per_second, 1, kMax);
        table.number(
            "unauthenticated_per_address_max", limits.unauthenticated_per_address_max, 1, kMax
        );
        table.number("http_per_address_per_minute", limits.http_per_address_per_minute, 1, kMax);
        table.time("handshake_timeout_ms", limits.handshake_timeout);
        table.time("http_timeout_ms", limits.http_timeout);
        table.time("login_timeout_ms", limits.login_timeout);
        table.time("idle_timeout_ms", limits.idle_timeout);
        table.number("queue_bytes_max", limits.queue_bytes_max, 262'144, 67'108'864);
        table.number("in_flight_max", limits.in_flight_max, 1, 1'024);
        table.number("device_requests_per_second", limits.device_requests_per_second, 1, kMax);
        table.number("account_requests_per_second", limits.account_requests_per_second, 1, kMax);
        table.number("prekey_bundles_per_minute", limits.prekey_bundles_per_minute, 1, kMax);
        table.number("logins_per_minute", limits.logins_per_minute, 1, kMax);
    }

    std::string_view name_;
    Config& config_;
    std::optional<Error> error_;
};

}  // namespace

Result<void> read_config(std::string_view file, std::string_view name, Config& config) {
    toml::table root;
    try {
        root = toml::parse(file);
    } catch (const toml::parse_error& error) {
        return Error{Code::usage, at(name, error.source()) + std::string{error.description()}};
    }
    if (auto error = File{name, config}.read(root)) return *error;
    return success();
}

}  // namespace wardline::server
