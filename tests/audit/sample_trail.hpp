#pragma once

#include "audit/export.hpp"
#include "audit/frontier.hpp"
#include "audit/registry.hpp"
#include "audit/trail.hpp"
#include "audit/witness.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// Trails for tests, the same in every run: entries of every kind with every field that the registry
// has for it, real leaves, a real tree, real signatures.
namespace wardline::testing {

using audit::SignedHead;
using audit::TrailEntry;

// Every field of the kind, with values that depend on `number`.
cbor::Json full_details(const audit::KindInfo& info, std::uint64_t number);

using TrailItem = std::variant<TrailEntry, SignedHead>;

// A clinic that writes a journal.
class SampleClinic {
public:
    explicit SampleClinic(const std::string& seed = "sample");

    ClinicId clinic() const { return clinic_; }
    SigningKey audit_key() const;
    const audit::Frontier& tree() const { return tree_; }
    Instant now() const { return now_; }

    // An entry of the kind with these details; without them full ones. It is in the tree.
    TrailEntry append(
        audit::EntryKind kind, const std::optional<cbor::Json>& details = std::nullopt
    );
    // An entry like most: messages, receipts, logins, some of every kind but `erasure`.
    TrailEntry append_usual();
    // Of all entries so far.
    SignedHead head() const;
    audit::Witness witness() const;

private:
    ClinicId clinic_;
    SigningSecret key_;
    audit::Frontier tree_;
    Instant now_{1'795'300'453'007};
};

// The same entry once its details are erased.
TrailEntry without_details(const TrailEntry& entry);

struct SampleTrail {
    audit::ExportHeader header;
    std::vector<TrailItem> items;
    audit::Witness witness;  // Of its newest head.
};

// Entries first to last of a journal of that many, one head for each 1 to 9 of them. With `erased`,
// entries 1 to 20 have lost their details by retention and every third of 21 to 40 by a decision.
struct SampleOptions {
    std::uint64_t entries{60};
    Seq from{1};
    bool erased{true};
    std::string seed{"sample"};
};
SampleTrail sample_trail(const SampleOptions& options = {});

// Entries of every kind: with every field, with those alone that it always has, with each word of a
// list, erased, of a form and a kind that nobody knows; and texts that no program would write.
SampleTrail every_kind_trail();

// The whole text of an export.
std::string exported(const SampleTrail& trail, audit::ExportFormat format);
// The lines of the verifiable one.
std::vector<std::string> jsonl_lines(const SampleTrail& trail);

}  // namespace wardline::testing
