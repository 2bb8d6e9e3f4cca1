#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "server/log_level.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace spdlog {
class logger;
}

// The server's log: one JSON object a line on stderr. What may stand in it is an allow-list: an
// event's name is a literal, and a field can only be made by the functions of LogField below, so
// there is no way to log anything else. Ids, accounts and addresses appear as the first 8 bytes of
// an HMAC under a key that only this data folder has: one person's lines can be put together, but
// nobody can be named from them. One thread.
namespace wardline::server {

// The name of what happened: a literal of lower-case letters, digits and underscores.
class LogEvent {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): literals only.
    consteval LogEvent(const char* name) : name_{name} {
        for (const char c : name_) {
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
                throw "a log event is snake_case";
        }
    }
    constexpr std::string_view name() const noexcept { return name_; }

private:
    std::string_view name_;
};

class LogField {
public:
    // Written as an HMAC of the value.
    static LogField device(const DeviceId& id) { return hidden("device", id.hex()); }
    static LogField account(const Account& account) { return hidden("account", account.text()); }
    static LogField thread(const ThreadId& id) { return hidden("thread", id.hex()); }
    static LogField address(std::string_view address) {
        return hidden("address", std::string{address});
    }

    // Written as they are.
    static LogField seq(Seq seq) { return {"seq", seq}; }
    static LogField count(std::uint64_t count) { return {"count", count}; }
    static LogField bytes(std::uint64_t bytes) { return {"bytes", bytes}; }
    static LogField port(std::uint16_t port) { return {"port", std::uint64_t{port}}; }
    static LogField signal(int number) { return {"signal", static_cast<std::uint64_t>(number)}; }
    static LogField status(unsigned http_status) { return {"status", std::uint64_t{http_status}}; }
    static LogField close_code(std::uint16_t code) { return {"close_code", std::uint64_t{code}}; }
    static LogField took(std::chrono::microseconds time) {
        return {"took_us", static_cast<std::uint64_t>(time.count())};
    }
    static LogField code(Code code) { return {"code", std::string{name_of(code)}}; }
    // The name of a known request type or HTTP route: a literal of ours, never what a client sent.
    static LogField request(LogEvent type) { return {"request", std::string{type.name()}}; }
    // A sentence of our own or of a library about what failed; never what a client sent, never a
    // secret.
    static LogField reason(std::string_view sentence) {
        return {"reason", std::string{sentence.substr(0, 500)}};
    }
    static LogField sqlstate(std::string_view five_digits) {
        return {"sqlstate", std::string{five_digits.substr(0, 5)}};
    }
    // The correlation id that the client was told with `internal`.
    static LogField ref(std::string_view ref) { return {"ref", std::string{ref.substr(0, 32)}}; }
    static LogField version(std::string_view version) {
        return {"version", std::string{version.substr(0, 32)}};
    }
    // A public key's hash, such as the TLS pin.
    static LogField pin(const Hash& pin) { return {"pin", pin.hex()}; }

private:
    friend class Log;
    using Value = std::variant<std::uint64_t, std::string>;

    LogField(const char* name, Value value) : name_{name}, value_{std::move(value)} {}
    static LogField hidden(const char* name, std::string value) {
        LogField field{name, std::move(value)};
        field.hidden_ = true;
        return field;
    }

    const char* name_;
    Value value_;
    bool hidden_{false};
};

class Log {
public:
    using Fields = std::initializer_list<LogField>;

    static Log to_stderr(LogLevel level, const SymmetricKey& key);
    // For tests; the stream must outlive the log.
    static Log to_stream(std::ostream& out, LogLevel level, const SymmetricKey& key);

    void debug(LogEvent event, Fields fields = {}) const { write(LogLevel::debug, event, fields); }
    void info(LogEvent event, Fields fields = {}) const { write(LogLevel::info, event, fields); }
    void warn(LogEvent event, Fields fields = {}) const { write(LogLevel::warn, event, fields); }
    void error(LogEvent event, Fields fields = {}) const { write(LogLevel::error, event, fields); }

private:
    Log(std::shared_ptr<spdlog::logger> logger, LogLevel level, const SymmetricKey& key);
    void write(LogLevel level, LogEvent event, Fields fields) const;

    std::shared_ptr<spdlog::logger> logger_;
    LogLevel level_;
    SymmetricKey key_;
};

}  // namespace wardline::server
