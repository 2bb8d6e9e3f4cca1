#include "audit/event.hpp"
#include "audit/exporters.hpp"
#include "audit/kind.hpp"
#include "audit/text.hpp"

#include <set>
#include <string_view>
#include <vector>

namespace wardline::audit {
namespace {

// RFC 4180. What a spreadsheet would take for a formula is made a text by an apostrophe.
void append_cell(std::string& out, std::string_view text) {
    constexpr std::string_view kFormula = "=+-@\t\r\n";
    constexpr std::string_view kQuoted = "\",\r\n";
    const bool formula = !text.empty() && kFormula.find(text.front()) != std::string_view::npos;
    const bool quoted = text.find_first_of(kQuoted) != std::string_view::npos;
    if (quoted) out.push_back('"');
    if (formula) out.push_back('\'');
    for (const char c : text) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    if (quoted) out.push_back('"');
}

class CsvExporter final : public Exporter {
public:
    CsvExporter() {
        std::set<std::string_view> keys;
        for (const auto& info : registry()) {
            for (const auto& field : info.fields) keys.insert(field.key);
        }
        keys_.assign(keys.begin(), keys.end());
    }

    void begin(const ExportHeader&, std::string& out) override {
        out += "seq,recorded,kind,action,outcome,leaf,erased,address";
        for (const auto key : keys_) {
            out.push_back(',');
            out += key;
        }
        out += "\r\n";
    }

    void entry(const TrailEntry& entry, std::string& out) override {
        const auto event = event_of(entry);
        append_number(out, entry.seq);
        out.push_back(',');
        append_time(out, entry.time);
        out.push_back(',');
        append_cell(out, text_of(entry.kind));
        out.push_back(',');
        out.push_back(event.action);
        out.push_back(',');
        out.push_back(event.outcome);
        out.push_back(',');
        append_hex(out, entry.leaf.view());
        out += entry.salt ? ",," : ",yes,";
        append_cell(out, entry.address);
        for (const auto key : keys_) {
            out.push_back(',');
            const auto* detail = event.details ? event.details->find(key) : nullptr;
            if (detail != nullptr) append_cell(out, text_of(*detail));
        }
        out += "\r\n";
    }

    void head(const SignedHead&, std::string&) override {}
    void end(std::string&) override {}

private:
    std::vector<std::string_view> keys_;
};

}  // namespace

std::unique_ptr<Exporter> make_csv_exporter() {
    return std::make_unique<CsvExporter>();
}

}  // namespace wardline::audit
