#include "audit/event.hpp"
#include "audit/exporters.hpp"
#include "audit/kind.hpp"
#include "audit/text.hpp"

#include <string_view>

namespace wardline::audit {
namespace {

constexpr unsigned kFacility = 13;  // Log audit.
constexpr unsigned kNotice = 5;
constexpr unsigned kWarning = 4;

// An attribute's value. XML 1.0 has no control characters, and a message is one line.
void append_xml(std::string& out, std::string_view text) {
    for (const char c : visible(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out.push_back(c);
        }
    }
}

// RFC 4648 section 4: PS3.15 wants the values of details so.
void append_base64(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group <<= 8;
            if (at + i < text.size()) group |= static_cast<unsigned char>(text[at + i]);
        }
        const auto bytes = std::min<std::size_t>(3, text.size() - at);
        for (std::size_t i = 0; i < 4; ++i) {
            out.push_back(i <= bytes ? kDigits[group >> (18 - 6 * i) & 63] : '=');
        }
    }
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out.push_back(' ');
    out += name;
    out += "=\"";
    append_xml(out, value);
    out.push_back('"');
}

void append_code(
    std::string& out, std::string_view element, const DicomCode& code, std::string_view system
) {
    out.push_back('<');
    out += element;
    append_attribute(out, "csd-code", code.code);
    append_attribute(out, "codeSystemName", system);
    append_attribute(out, "originalText", code.meaning);
    out += "/>";
}

// What an object of the message is, in the codes of RFC 3881 and DCM.
struct Part {
    std::string_view type;
    std::string_view role;
    DicomCode id;
    std::string_view system;
};
constexpr Part kPatientPart{"1", "1", {"2", "Patient Number"}, "RFC-3881"};
constexpr Part kThreadPart{"2", "4", {"thread", "Thread"}, "wardline"};
constexpr Part kObjectPart{"2", "3", {"hash", "Hash of a message or statement"}, "wardline"};
constexpr Part kEntryPart{"2", "13", {"entry", "Entry of the journal"}, "wardline"};

void open_object(std::string& out, std::string_view id, const Part& part) {
    out += "<ParticipantObjectIdentification";
    append_attribute(out, "ParticipantObjectID", id);
    append_attribute(out, "ParticipantObjectTypeCode", part.type);
    append_attribute(out, "ParticipantObjectTypeCodeRole", part.role);
    out.push_back('>');
    append_code(out, "ParticipantObjectIDTypeCode", part.id, part.system);
    out += "<ParticipantObjectName>";
    append_xml(out, id);
    out += "</ParticipantObjectName>";
}
void close_object(std::string& out) {
    out += "</ParticipantObjectIdentification>";
}
void append_object(std::string& out, std::string_view id, const Part& part) {
    if (id.empty()) return;
    open_object(out, id, part);
    close_object(out);
}

void append_detail(std::string& out, std::string_view type, std::string_view value) {
    out += "<ParticipantObjectDetail";
    append_attribute(out, "type", type);
    out += " value=\"";
    append_base64(out, value);
    out += "\"/>";
}

void append_participant(std::string& out, std::string_view user, bool requestor) {
    out += "<ActiveParticipant";
    append_attribute(out, "UserID", user);
    append_attribute(out, "UserIsRequestor", requestor ? "true" : "false");
}

void append_event(std::string& out, const TrailEntry& entry, const Event& event) {
    out += "<EventIdentification";
    append_attribute(out, "EventActionCode", {&event.action, 1});
    out += " EventDateTime=\"";
    append_time(out, entry.time);
    out.push_back('"');
    append_attribute(out, "EventOutcomeIndicator", {&event.outcome, 1});
    out.push_back('>');
    append_code(out, "EventID", event.id, "DCM");
    if (!event.type.code.empty()) append_code(out, "EventTypeCode", event.type, "DCM");
    const auto kind = text_of(entry.kind);
    append_code(out, "EventTypeCode", {kind, kind}, "wardline");
    out += "</EventIdentification>";
}

void append_participants(std::string& out, const TrailEntry& entry, const Event& event) {
    const auto actor = event.text("actor");
    const auto device = event.hex("device");
    if (!actor.empty()) {
        append_participant(out, actor, true);
        if (!entry.address.empty() && device.empty()) {
            append_attribute(out, "NetworkAccessPointID", entry.address);
            append_attribute(out, "NetworkAccessPointTypeCode", "2");
        }
        out += "/>";
    } else if (entry.kind == EntryKind::strangers || entry.kind == EntryKind::refusal) {
        append_participant(out, "not logged in", true);
        out += "/>";
    } else {
        append_participant(out, "server", false);
        out += "/>";
    }
    if (device.empty()) return;
    append_participant(out, device, false);
    if (!entry.address.empty()) {
        append_attribute(out, "NetworkAccessPointID", entry.address);
        append_attribute(out, "NetworkAccessPointTypeCode", "2");
    }
    out.push_back('>');
    append_code(out, "RoleIDCode", {"110153", "Source Role ID"}, "DCM");
    out += "</ActiveParticipant>";
}

void append_objects(std::string& out, const TrailEntry& entry, const Event& event) {
    append_object(out, event.text("patient"), kPatientPart);
    append_object(out, event.hex("thread"), kThreadPart);
    append_object(out, event.hex("hash"), kObjectPart);
    open_object(out, "entry-" + std::to_string(entry.seq), kEntryPart);
    append_detail(out, "seq", std::to_string(entry.seq));
    append_detail(out, "leaf", entry.leaf.hex());
    if (!entry.salt) append_detail(out, "erased", "yes");
    if (event.details) {
        for (const auto& detail : event.details->all()) {
            if (is_further(detail.field->key))
                append_detail(out, detail.field->key, text_of(detail));
        }
    }
    close_object(out);
}

class SyslogExporter final : public Exporter {
public:
    void begin(const ExportHeader& header, std::string&) override { clinic_ = header.clinic.hex(); }

    void entry(const TrailEntry& entry, std::string& out) override {
        const auto event = event_of(entry);
        out.push_back('<');
        append_number(out, kFacility * 8 + (event.outcome == '0' ? kNotice : kWarning));
        out += ">1 ";
        append_time(out, entry.time);
        // Host and process are not the trail's to know; no structured data; a BOM opens the
        // message.
        out += " - wardlined - DICOM+RFC3881 - \xef\xbb\xbf<AuditMessage>";
        append_event(out, entry, event);
        append_participants(out, entry, event);
        out += "<AuditSourceIdentification";
        append_attribute(out, "AuditSourceID", clinic_);
        out.push_back('>');
        append_code(out, "AuditSourceTypeCode", {"4", "Application Server"}, "DCM");
        out += "</AuditSourceIdentification>";
        append_objects(out, entry, event);
        out += "</AuditMessage>\n";
    }

    void head(const SignedHead&, std::string&) override {}
    void end(std::string&) override {}

private:
    std::string clinic_;
};

}  // namespace

std::unique_ptr<Exporter> make_syslog_exporter() {
    return std::make_unique<SyslogExporter>();
}

}  // namespace wardline::audit
