#include "audit/event.hpp"

#include "audit/kind.hpp"
#include "audit/text.hpp"

#include <algorithm>
#include <array>

namespace wardline::audit {
namespace {

constexpr DicomCode kApplicationActivity{"110100", "Application Activity"};
constexpr DicomCode kAuditLogUsed{"110101", "Audit Log Used"};
constexpr DicomCode kExportEvent{"110106", "Export"};
constexpr DicomCode kPatientRecord{"110110", "Patient Record"};
constexpr DicomCode kSecurityAlert{"110113", "Security Alert"};
constexpr DicomCode kUserAuthentication{"110114", "User Authentication"};

constexpr DicomCode kStart{"110120", "Application Start"};
constexpr DicomCode kStop{"110121", "Application Stop"};
constexpr DicomCode kLogin{"110122", "Login"};
constexpr DicomCode kLogout{"110123", "Logout"};
constexpr DicomCode kConfiguration{"110131", "Software Configuration"};
constexpr DicomCode kRestricted{"110132", "Use of Restricted Function"};
constexpr DicomCode kUserAttributes{"110137", "User security Attributes Changed"};

struct Mapping {
    DicomCode id;
    DicomCode type;
    std::string_view interaction;
    char action{'E'};
    char outcome{'0'};
};

Mapping statement_mapping(const Event& event) {
    if (event.text("chain") == "clinic")
        return {kSecurityAlert, kUserAttributes, "create", 'C', '0'};
    return {kPatientRecord, {}, "create", 'C', '0'};
}

Mapping server_mapping(const Event& event) {
    const auto act = event.text("act");
    if (act == "start") return {kApplicationActivity, kStart, {}, 'E', '0'};
    if (act == "stop") return {kApplicationActivity, kStop, {}, 'E', '0'};
    return {kSecurityAlert, kConfiguration, {}, 'U', '0'};
}

Mapping strangers_mapping(const Event& event) {
    if (event.text("act") == "login") return {kUserAuthentication, kLogin, {}, 'E', '4'};
    return {kSecurityAlert, kRestricted, {}, 'E', '4'};
}

Mapping mapping_of(EntryKind kind, const Event& event) {
    switch (kind) {
        case EntryKind::statement:
            return statement_mapping(event);
        case EntryKind::message:
            return {kPatientRecord, {}, "create", 'C', '0'};
        case EntryKind::added_slots:
            return {kPatientRecord, {}, "update", 'U', '0'};
        case EntryKind::login:
            return {kUserAuthentication, kLogin, {}, 'E', '0'};
        case EntryKind::logout:
            return {kUserAuthentication, kLogout, {}, 'E', '0'};
        case EntryKind::open:
        case EntryKind::receipts:
            return {kPatientRecord, {}, "read", 'R', '0'};
        case EntryKind::close:
            return {kPatientRecord, {}, {}, 'E', '0'};
        case EntryKind::expiry:
        case EntryKind::destroyed:
            return {kPatientRecord, {}, "delete", 'D', '0'};
        case EntryKind::refusal:
            return {kSecurityAlert, kRestricted, {}, 'E', '4'};
        case EntryKind::export_run:
            return {kExportEvent, {}, "read", 'R', '0'};
        case EntryKind::server:
            return server_mapping(event);
        case EntryKind::strangers:
            return strangers_mapping(event);
        case EntryKind::erasure:
            return {kAuditLogUsed, {}, "delete", 'D', '0'};
        case EntryKind::reading:
            return {kAuditLogUsed, {}, "read", 'R', '0'};
    }
    // A kind of a later version.
    return {kApplicationActivity, {}, {}, 'E', '0'};
}

}  // namespace

std::string_view Event::text(std::string_view key) const {
    return details ? details->text(key) : std::string_view{};
}

std::string Event::hex(std::string_view key) const {
    const auto* detail = details ? details->find(key) : nullptr;
    return detail != nullptr ? text_of(*detail) : std::string{};
}

Event event_of(const TrailEntry& entry) {
    Event out;
    if (entry.salt && is_known(entry.kind)) {
        auto details = Details::read(entry.kind, entry.details);
        if (details) out.details = details.value();
    }
    const auto mapping = mapping_of(entry.kind, out);
    out.id = mapping.id;
    out.type = mapping.type;
    out.interaction = mapping.interaction;
    out.action = mapping.action;
    out.outcome = mapping.outcome;
    return out;
}

bool is_further(std::string_view key) noexcept {
    static constexpr std::array<std::string_view, 5> kPlaced{
        "actor", "device", "hash", "patient", "thread"
    };
    return std::ranges::find(kPlaced, key) == kPlaced.end();
}

std::string text_of(const Detail& detail) {
    std::string out;
    switch (detail.field->type) {
        case FieldType::text:
            out = detail.text();
            break;
        case FieldType::texts:
            for (const auto text : detail.texts()) {
                if (!out.empty()) out.push_back(' ');
                out += text;
            }
            break;
        case FieldType::number:
            append_number(out, detail.number);
            break;
        case FieldType::numbers:
            for (const auto number : detail.numbers()) {
                if (!out.empty()) out.push_back(' ');
                append_number(out, number);
            }
            break;
        case FieldType::time:
            append_time(out, Instant{detail.number});
            break;
        case FieldType::id:
        case FieldType::hash:
            append_hex(out, detail.bytes);
            break;
    }
    return out;
}

}  // namespace wardline::audit
