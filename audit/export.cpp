#include "audit/export.hpp"

#include "audit/exporters.hpp"

#include <array>

namespace wardline::audit {
namespace {

constexpr std::array<std::string_view, 4> kNames{"csv", "fhir", "jsonl", "syslog"};

}  // namespace

std::string_view name_of(ExportFormat format) noexcept {
    return kNames[static_cast<std::size_t>(format)];
}

Result<ExportFormat> parse_export_format(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<ExportFormat>(i);
    }
    return Error{Code::usage, "an export's format is fhir, jsonl, csv or syslog"};
}

std::unique_ptr<Exporter> make_exporter(ExportFormat format) {
    switch (format) {
        case ExportFormat::csv:
            return make_csv_exporter();
        case ExportFormat::fhir:
            return make_fhir_exporter();
        case ExportFormat::jsonl:
            return make_jsonl_exporter();
        case ExportFormat::syslog:
            return make_syslog_exporter();
    }
    return nullptr;
}

}  // namespace wardline::audit
