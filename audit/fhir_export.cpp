#include "audit/event.hpp"
#include "audit/exporters.hpp"
#include "audit/kind.hpp"
#include "audit/text.hpp"

#include <string_view>

namespace wardline::audit {
namespace {

constexpr std::string_view kDicom = "http://dicom.nema.org/resources/ontology/DCM";
constexpr std::string_view kInteraction = "http://hl7.org/fhir/restful-interaction";
constexpr std::string_view kSourceType =
    "http://terminology.hl7.org/CodeSystem/security-source-type";
constexpr std::string_view kEntityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
constexpr std::string_view kObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";
constexpr std::string_view kRoleType =
    "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
// Wardline's own kinds of entries, as docs/audit.md lists them.
constexpr std::string_view kKinds = "urn:uuid:5cbe1a6b-6ab2-4a35-9a27-0d6f0ab3a1c4";

struct Coding {
    std::string_view system;
    std::string_view code;
    std::string_view display;
};

// What an entity of the resource is: its type, and its role in the event.
struct Part {
    Coding type;
    Coding role;
};
constexpr Part kPatientPart{{kEntityType, "1", "Person"}, {kObjectRole, "1", "Patient"}};
constexpr Part kThreadPart{
    {kEntityType, "2", "System Object"}, {kObjectRole, "4", "Domain Resource"}
};
constexpr Part kObjectPart{{kEntityType, "2", "System Object"}, {kObjectRole, "3", "Report"}};
constexpr Part kEntryPart{
    {kEntityType, "2", "System Object"}, {kObjectRole, "13", "Security Resource"}
};

// Writes one resource. Every value is a text; keys and values are written in pairs.
class Resource {
public:
    explicit Resource(std::string& out) : out_{out} { open('{'); }

    Resource& key(std::string_view name) {
        separate();
        append_json(out_, name);
        out_.push_back(':');
        fresh_ = true;
        return *this;
    }
    // FHIR has no control characters.
    Resource& text(std::string_view value) {
        separate();
        append_json(out_, visible(value));
        return *this;
    }
    Resource& pair(std::string_view name, std::string_view value) { return key(name).text(value); }
    Resource& boolean(bool value) {
        separate();
        out_ += value ? "true" : "false";
        return *this;
    }
    Resource& open(char bracket) {
        separate();
        out_.push_back(bracket);
        fresh_ = true;
        return *this;
    }
    Resource& close(char bracket) {
        out_.push_back(bracket);
        fresh_ = false;
        return *this;
    }
    Resource& coding(const Coding& coding) {
        open('{').pair("system", coding.system).pair("code", coding.code);
        if (!coding.display.empty()) pair("display", coding.display);
        return close('}');
    }
    // A reference to something that has no resource of its own.
    Resource& identified(std::string_view system, std::string_view value) {
        open('{').key("identifier").open('{');
        pair("system", system).pair("value", value);
        return close('}').close('}');
    }

private:
    void separate() {
        if (!fresh_) out_.push_back(',');
        fresh_ = false;
    }
    std::string& out_;
    bool fresh_{true};  // Nothing stands before in this object, list or pair.
};

// 8-4-4-4-12 digits.
std::string uuid_urn(const ClinicId& id) {
    auto out = id.hex();
    for (const std::size_t at : {20U, 16U, 12U, 8U}) out.insert(at, 1, '-');
    return "urn:uuid:" + out;
}

class FhirExporter final : public Exporter {
public:
    void begin(const ExportHeader& header, std::string&) override {
        clinic_ = header.clinic;
        system_ = uuid_urn(clinic_);
    }

    void entry(const TrailEntry& entry, std::string& out) override {
        const auto event = event_of(entry);
        Resource resource{out};
        resource.pair("resourceType", "AuditEvent");
        resource.pair("id", clinic_.hex() + "-" + std::to_string(entry.seq));
        add_event(entry, event, resource);
        add_agents(entry, event, resource);
        resource.key("source").open('{').key("observer").identified(system_, "server");
        resource.key("type").open('[').coding({kSourceType, "4", "Application Server"});
        resource.close(']').close('}');
        add_entities(entry, event, resource);
        resource.close('}');
        out.push_back('\n');
    }

    void head(const SignedHead&, std::string&) override {}
    void end(std::string&) override {}

private:
    static void add_event(const TrailEntry& entry, const Event& event, Resource& resource) {
        resource.key("type").coding({kDicom, event.id.code, event.id.meaning});
        resource.key("subtype").open('[');
        if (!event.type.code.empty())
            resource.coding({kDicom, event.type.code, event.type.meaning});
        if (!event.interaction.empty())
            resource.coding({kInteraction, event.interaction, event.interaction});
        resource.coding({kKinds, text_of(entry.kind), {}}).close(']');
        resource.pair("action", {&event.action, 1});
        std::string time;
        append_time(time, entry.time);
        resource.pair("recorded", time);
        resource.pair("outcome", {&event.outcome, 1});
        const auto code = event.text("code");
        if (!code.empty()) resource.pair("outcomeDesc", code);
    }

    void add_agents(const TrailEntry& entry, const Event& event, Resource& resource) const {
        const auto actor = event.text("actor");
        const auto device = event.hex("device");
        resource.key("agent").open('[');
        if (!actor.empty()) {
            open_agent(resource, {kRoleType, "humanuser", "human user"});
            resource.key("who").identified(system_, actor);
            resource.key("requestor").boolean(true).close('}');
        } else if (entry.kind == EntryKind::strangers || entry.kind == EntryKind::refusal) {
            open_agent(resource, {kRoleType, "humanuser", "human user"});
            resource.pair("name", "somebody who had not logged in");
            resource.key("requestor").boolean(true).close('}');
        } else {
            open_agent(resource, {kRoleType, "dataprocessor", "data processor"});
            resource.key("who").identified(system_, "server");
            resource.key("requestor").boolean(false).close('}');
        }
        if (!device.empty() || !entry.address.empty()) {
            open_agent(resource, {kDicom, "110153", "Source Role ID"});
            if (!device.empty()) resource.key("who").identified(system_, device);
            resource.key("requestor").boolean(false);
            if (!entry.address.empty()) {
                resource.key("network").open('{').pair("address", entry.address);
                resource.pair("type", "2").close('}');
            }
            resource.close('}');
        }
        resource.close(']');
    }
    static void open_agent(Resource& resource, const Coding& type) {
        resource.open('{').key("type").open('{').key("coding").open('[').coding(type);
        resource.close(']').close('}');
    }

    void add_entities(const TrailEntry& entry, const Event& event, Resource& resource) const {
        resource.key("entity").open('[');
        add_entity(event.text("patient"), kPatientPart, resource);
        add_entity(event.hex("thread"), kThreadPart, resource);
        add_entity(event.hex("hash"), kObjectPart, resource);
        open_entity("entry-" + std::to_string(entry.seq), kEntryPart, resource);
        resource.key("detail").open('[');
        add_detail("seq", std::to_string(entry.seq), resource);
        add_detail("leaf", entry.leaf.hex(), resource);
        if (!entry.salt) add_detail("erased", "yes", resource);
        if (event.details) {
            for (const auto& detail : event.details->all()) {
                if (is_further(detail.field->key))
                    add_detail(detail.field->key, text_of(detail), resource);
            }
        }
        resource.close(']').close('}').close(']');
    }
    void add_entity(std::string_view id, const Part& part, Resource& resource) const {
        if (id.empty()) return;
        open_entity(id, part, resource);
        resource.close('}');
    }
    void open_entity(std::string_view id, const Part& part, Resource& resource) const {
        resource.open('{').key("what").identified(system_, id);
        resource.key("type").coding(part.type).key("role").coding(part.role);
    }
    // FHIR knows no empty string.
    static void add_detail(std::string_view type, std::string_view value, Resource& resource) {
        if (value.empty()) return;
        resource.open('{').pair("type", type).pair("valueString", value).close('}');
    }

    ClinicId clinic_;
    std::string system_;
};

}  // namespace

std::unique_ptr<Exporter> make_fhir_exporter() {
    return std::make_unique<FhirExporter>();
}

}  // namespace wardline::audit
