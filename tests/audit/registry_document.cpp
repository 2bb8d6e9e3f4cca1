#include "tests/audit/registry_document.hpp"

#include "audit/registry.hpp"

#include <stdexcept>

namespace wardline::testing {
namespace {

using audit::FieldType;

std::string_view name_of(FieldType type) {
    switch (type) {
        case FieldType::text:
            return "text";
        case FieldType::texts:
            return "list of texts";
        case FieldType::number:
            return "number";
        case FieldType::numbers:
            return "list of numbers";
        case FieldType::time:
            return "time";
        case FieldType::id:
            return "16 bytes";
        case FieldType::hash:
            return "32 bytes";
    }
    return {};
}

std::string row_of(const audit::KindInfo& info, const audit::Field& field) {
    std::string out = "| `" + std::string{field.key} + "` | " + (field.always ? "always" : "") +
                      " | " + std::string{name_of(field.type)};
    std::string_view separator = ": ";
    for (const auto word : audit::words_of(info.kind, field.key)) {
        out += std::string{separator} + "`" + std::string{word} + "`";
        separator = ", ";
    }
    return out + " | " + std::string{field.meaning} + " |\n";
}

}  // namespace

std::string registry_document() {
    std::string out;
    for (const auto& info : audit::registry()) {
        out += "\n### " + std::to_string(static_cast<unsigned>(info.kind)) + " `" +
               std::string{wire::name_of(info.kind)} + "`\n\n" + std::string{info.meaning} +
               "\n\n| field | | value | meaning |\n|---|---|---|---|\n";
        for (const auto& field : info.fields) out += row_of(info, field);
    }
    return out + "\n";
}

std::string with_registry(std::string_view document) {
    const auto begin = document.find(kEntriesBegin);
    const auto end = document.find(kEntriesEnd);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
        throw std::runtime_error{"docs/audit.md lacks the marker lines of its entries"};
    }
    const auto head = document.substr(0, begin + kEntriesBegin.size());
    return std::string{head} + registry_document() + std::string{document.substr(end)};
}

}  // namespace wardline::testing
