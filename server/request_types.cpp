#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <array>

namespace wardline::server {
namespace {

constexpr RequestType act(std::string_view name, LogEvent logged, RequestType::Act handler) {
    return {name, logged, handler, nullptr};
}
constexpr RequestType read(std::string_view name, LogEvent logged, RequestType::Read handler) {
    return {name, logged, nullptr, handler};
}

// Sorted by name.
constexpr std::array kTypes{
    read("add-slots", "add_slots", handlers::add_slots),
    read("boxes", "boxes", handlers::boxes),
    read("chain", "chain", handlers::chain),
    act("close", "close", handlers::close),
    read("consistency", "consistency", handlers::consistency),
    read("head", "head", handlers::head),
    read("history", "history", handlers::history),
    read("inclusion", "inclusion", handlers::inclusion),
    act("login", "login", handlers::login),
    act("open", "open", handlers::open),
    read("prekeys-get", "prekeys_get", handlers::prekeys_get),
    read("prekeys-put", "prekeys_put", handlers::prekeys_put),
    act("receipt", "receipt", handlers::receipt),
    read("receipts", "receipts", handlers::receipts),
    read("recipients", "recipients", handlers::recipients),
    read("retention-preview", "retention_preview", handlers::retention_preview),
    read("retention-run", "retention_run", handlers::retention_run),
    act("send", "send", handlers::send),
    read("slots", "slots", handlers::slots),
    read("statement", "statement", handlers::statement),
    read("status", "status", handlers::status),
    read("sync", "sync", handlers::sync),
    read("threads", "threads", handlers::threads),
};
static_assert(std::ranges::is_sorted(kTypes, {}, &RequestType::name));

}  // namespace

const RequestType* find_request_type(std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(kTypes, name, {}, &RequestType::name);
    return found != kTypes.end() && found->name == name ? &*found : nullptr;
}

}  // namespace wardline::server
