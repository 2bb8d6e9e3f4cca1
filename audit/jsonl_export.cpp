#include "audit/details.hpp"
#include "audit/exporters.hpp"
#include "audit/kind.hpp"
#include "audit/text.hpp"

#include <optional>

namespace wardline::audit {
namespace {

void append_hex_string(std::string& out, BytesView bytes) {
    out.push_back('"');
    append_hex(out, bytes);
    out.push_back('"');
}

template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append_item) {
    out.push_back('[');
    bool first = true;
    for (const auto& item : items) {
        if (!first) out.push_back(',');
        first = false;
        append_item(item);
    }
    out.push_back(']');
}

void append_value(std::string& out, const Detail& detail) {
    switch (detail.field->type) {
        case FieldType::text:
            return append_json(out, detail.text());
        case FieldType::texts:
            return append_list(out, detail.texts(), [&](auto text) { append_json(out, text); });
        case FieldType::number:
            return append_number(out, detail.number);
        case FieldType::numbers:
            return append_list(out, detail.numbers(), [&](auto n) { append_number(out, n); });
        case FieldType::time:
            out.push_back('"');
            append_time(out, Instant{detail.number});
            out.push_back('"');
            return;
        case FieldType::id:
        case FieldType::hash:
            return append_hex_string(out, detail.bytes);
    }
}

// Whether a reader makes the same bytes of them again.
bool is_writable(const Details& details) {
    for (const auto& detail : details.all()) {
        if (detail.field->type == FieldType::time && detail.number > kLastWritableTime.ms) {
            return false;
        }
    }
    return true;
}

void append_details(std::string& out, const TrailEntry& entry) {
    std::optional<Details> details;
    if (is_known(entry.kind)) {
        auto read = Details::read(entry.kind, entry.details);
        if (read && is_writable(read.value())) details = read.value();
    }
    if (!details) {
        out += R"(,"raw":)";
        append_hex_string(out, entry.details);
        return;
    }
    out += R"(,"details":{)";
    bool first = true;
    for (const auto& detail : details->all()) {
        if (!first) out.push_back(',');
        first = false;
        append_json(out, detail.field->key);
        out.push_back(':');
        append_value(out, detail);
    }
    out.push_back('}');
}

class JsonlExporter final : public Exporter {
public:
    void begin(const ExportHeader& header, std::string& out) override {
        out += R"({"wardline_audit":1,"clinic":)";
        append_hex_string(out, header.clinic.view());
        out += R"(,"audit_key":)";
        append_hex_string(out, header.audit_key.view());
        out += R"(,"incarnation":)";
        append_number(out, header.incarnation);
        out += R"(,"from":)";
        append_number(out, header.from);
        out += R"(,"to":)";
        append_number(out, header.to);
        out += R"(,"before":)";
        append_list(out, header.before, [&](const Hash& hash) {
            append_hex_string(out, hash.view());
        });
        out += header.complete ? R"(,"complete":true})" : R"(,"complete":false})";
        out.push_back('\n');
    }

    void entry(const TrailEntry& entry, std::string& out) override {
        out += R"({"seq":)";
        append_number(out, entry.seq);
        out += R"(,"time":")";
        append_time(out, entry.time);
        out += R"(","kind":)";
        append_json(out, text_of(entry.kind));
        out += R"(,"leaf":)";
        append_hex_string(out, entry.leaf.view());
        if (entry.salt) {
            out += R"(,"salt":)";
            append_hex_string(out, entry.salt->view());
            append_details(out, entry);
        } else {
            out += R"(,"erased":)";
            append_hex_string(out, entry.erased.view());
        }
        if (!entry.address.empty()) {
            out += R"(,"address":)";
            append_json(out, entry.address);
        }
        out += "}\n";
    }

    void head(const SignedHead& head, std::string& out) override {
        out += R"({"head":{"body":)";
        append_hex_string(out, head.body);
        out += R"(,"sig":)";
        append_hex_string(out, head.sig.view());
        out += "}}\n";
    }

    void end(std::string&) override {}
};

}  // namespace

std::unique_ptr<Exporter> make_jsonl_exporter() {
    return std::make_unique<JsonlExporter>();
}

}  // namespace wardline::audit
