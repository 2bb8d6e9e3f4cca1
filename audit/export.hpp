#pragma once

#include "audit/trail.hpp"
#include "audit/tree_head.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The trail as text for others, docs/audit.md "Formats". `jsonl` holds all that is needed to verify
// it again; the others are for systems that read them. Written piece by piece, in the memory of one
// entry. Pure; one thread for each object.
namespace wardline::audit {

enum class ExportFormat : std::uint8_t { csv, fhir, jsonl, syslog };

// As people write it, and as an export's entry has it in `act`.
std::string_view name_of(ExportFormat format) noexcept;
// `usage` with a sentence that lists them.
Result<ExportFormat> parse_export_format(std::string_view name);

struct ExportHeader {
    ClinicId clinic;
    SigningKey audit_key;
    std::uint64_t incarnation{kIncarnation};
    Seq from{1};  // The first entry,
    Seq to{0};  // and the last that can be in it. A complete export ends with a head of this size.
    // Frontier::hashes() of the tree of the from - 1 entries before. Empty unless complete.
    std::vector<Hash> before;
    bool complete{true};  // Every entry from..to is there. Else only single leaves can be checked.
    bool operator==(const ExportHeader&) const = default;
};

class Exporter {
public:
    virtual ~Exporter() = default;
    // Each appends to `out`, whole lines. In this order: begin once, entries in rising seq, each
    // head behind the entry whose seq is its size, end once.
    virtual void begin(const ExportHeader& header, std::string& out) = 0;
    virtual void entry(const TrailEntry& entry, std::string& out) = 0;
    virtual void head(const SignedHead& head, std::string& out) = 0;
    virtual void end(std::string& out) = 0;
};

std::unique_ptr<Exporter> make_exporter(ExportFormat format);

}  // namespace wardline::audit
