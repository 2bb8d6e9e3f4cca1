#pragma once

#include "audit/details.hpp"
#include "audit/trail.hpp"

#include <optional>
#include <string>
#include <string_view>

// An entry in the terms that hospitals' audit systems share: events of DICOM PS3.15 (the code
// system DCM), actions and outcomes of RFC 3881, which FHIR AuditEvent and IHE ATNA both use. Pure;
// any thread.
namespace wardline::audit {

// A code of DCM with its published meaning; `code` is empty where there is none.
struct DicomCode {
    std::string_view code;
    std::string_view meaning;
};

struct Event {
    DicomCode id;
    DicomCode type;                // A closer one, where DCM has it.
    std::string_view interaction;  // Of FHIR's restful-interaction; empty where none fits.
    char action{'E'};              // C, R, U, D or E
    char outcome{'0'};             // 0: it happened; 4: it was refused.
    // Nothing where they are erased, or not of the registry's form.
    std::optional<Details> details;

    std::string_view text(std::string_view key) const;
    // Hexadecimal digits of an id or hash; empty where there is none.
    std::string hex(std::string_view key) const;
};

// The details that it has refer to the entry.
Event event_of(const TrailEntry& entry);

// Whether the field is not among those that have a place of their own, as who did it or what it is
// about.
bool is_further(std::string_view key) noexcept;

// A value as one text: several with a space between, ids in hexadecimal digits, times as RFC 3339.
std::string text_of(const Detail& detail);

}  // namespace wardline::audit
