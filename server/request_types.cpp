#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <array>

namespace wardline::server {
namespace {

using wire::EntryKind;
using Kinds = std::span<const EntryKind>;

constexpr std::array kStatement{EntryKind::statement};
constexpr std::array kMessage{EntryKind::message};
constexpr std::array kAddedSlots{EntryKind::added_slots};
constexpr std::array kLogin{EntryKind::login};
constexpr std::array kOpen{EntryKind::open};
constexpr std::array kClose{EntryKind::close};
constexpr std::array kReceipts{EntryKind::receipts};
constexpr std::array kExpiry{EntryKind::expiry};
constexpr std::array kReading{EntryKind::reading, EntryKind::export_run};
// Of content: under the entry of the thread's opening, or the patient's login. Of the rest: what
// every device of its kind is shown anyway.
constexpr Kinds kNothing{};

constexpr RequestType act(
    std::string_view name, LogEvent logged, Kinds leaves, RequestType::Act handler
) {
    return {name, logged, leaves, handler, nullptr};
}
constexpr RequestType read(
    std::string_view name, LogEvent logged, Kinds leaves, RequestType::Read handler
) {
    return {name, logged, leaves, nullptr, handler};
}

// Sorted by name.
constexpr std::array kTypes{
    read("add-slots", "add_slots", kAddedSlots, handlers::add_slots),
    read("audit", "audit", kNothing, handlers::audit),  // Under the entry of audit-begin.
    read("audit-begin", "audit_begin", kReading, handlers::audit_begin),
    read("audit-heads", "audit_heads", kNothing, handlers::audit_heads),
    read("boxes", "boxes", kNothing, handlers::boxes),
    read("chain", "chain", kNothing, handlers::chain),
    act("close", "close", kClose, handlers::close),
    read("consistency", "consistency", kNothing, handlers::consistency),
    read("head", "head", kNothing, handlers::head),
    read("history", "history", kNothing, handlers::history),
    read("inclusion", "inclusion", kNothing, handlers::inclusion),
    act("login", "login", kLogin, handlers::login),
    act("open", "open", kOpen, handlers::open),
    read("prekeys-get", "prekeys_get", kNothing, handlers::prekeys_get),
    read("prekeys-put", "prekeys_put", kNothing, handlers::prekeys_put),
    act("receipt", "receipt", kReceipts, handlers::receipt),
    read("receipts", "receipts", kNothing, handlers::receipts),
    read("recipients", "recipients", kNothing, handlers::recipients),
    read("retention-preview", "retention_preview", kNothing, handlers::retention_preview),
    read("retention-run", "retention_run", kExpiry, handlers::retention_run),
    act("send", "send", kMessage, handlers::send),
    read("slots", "slots", kNothing, handlers::slots),
    read("statement", "statement", kStatement, handlers::statement),
    read("status", "status", kNothing, handlers::status),
    read("sync", "sync", kNothing, handlers::sync),
    read("threads", "threads", kNothing, handlers::threads),
};
static_assert(std::ranges::is_sorted(kTypes, {}, &RequestType::name));

}  // namespace

std::span<const RequestType> request_types() noexcept {
    return kTypes;
}

const RequestType* find_request_type(std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(kTypes, name, {}, &RequestType::name);
    return found != kTypes.end() && found->name == name ? &*found : nullptr;
}

}  // namespace wardline::server
