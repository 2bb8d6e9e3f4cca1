#include "server/log.hpp"

#include "protocol/crypto/crypto.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace wardline::server {
namespace {

constexpr std::size_t kHiddenBytes = 8;

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

std::string now_text() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const std::time_t seconds = ms / 1'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        parts.tm_year + 1900,
        parts.tm_mon + 1,
        parts.tm_mday,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec,
        ms % 1'000
    );
}

std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink) {
    auto logger = std::make_shared<spdlog::logger>("wardlined", std::move(sink));
    logger->set_level(spdlog::level::trace);  // Log itself decides.
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::trace);
    return logger;
}

}  // namespace

Log::Log(std::shared_ptr<spdlog::logger> logger, LogLevel level, const SymmetricKey& key)
    : logger_{std::move(logger)}, level_{level}, key_{key} {}

Log Log::to_stderr(LogLevel level, const SymmetricKey& key) {
    return Log{logger_to(std::make_shared<spdlog::sinks::stderr_sink_st>()), level, key};
}

Log Log::to_stream(std::ostream& out, LogLevel level, const SymmetricKey& key) {
    return Log{logger_to(std::make_shared<spdlog::sinks::ostream_sink_st>(out)), level, key};
}

void Log::write(LogLevel level, LogEvent event, Fields fields) const {
    if (level < level_) return;
    nlohmann::ordered_json line{
        {"time", now_text()}, {"level", name_of(level)}, {"event", event.name()}
    };
    for (const LogField& field : fields) {
        if (const auto* const number = std::get_if<std::uint64_t>(&field.value_)) {
            line[field.name_] = *number;
            continue;
        }
        const auto& text = std::get<std::string>(field.value_);
        if (!field.hidden_) {
            line[field.name_] = text;
            continue;
        }
        const Hash mac = crypto::hmac(key_.reveal(), as_bytes(text));
        line[field.name_] = to_hex(mac.view().first(kHiddenBytes));
    }
    // Only ASCII leaves: control characters, line ends of every alphabet and broken UTF-8 are
    // escaped or replaced.
    const auto text = line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    logger_->log(spdlog::level::info, spdlog::string_view_t{text});
}

}  // namespace wardline::server
