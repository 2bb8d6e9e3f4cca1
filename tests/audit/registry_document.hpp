#pragma once

#include <string>
#include <string_view>

// docs/audit.md lists every kind of entry from the registry, between two marker lines.
namespace wardline::testing {

constexpr std::string_view kEntriesBegin =
    "<!-- entries: from audit/registry.cpp, by the build's target audit_registry_document -->\n";
constexpr std::string_view kEntriesEnd = "<!-- end of entries -->\n";

// What belongs between the markers.
std::string registry_document();
// The document with what belongs there. Throws where it lacks a marker.
std::string with_registry(std::string_view document);

}  // namespace wardline::testing
