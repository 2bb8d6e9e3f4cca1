#pragma once

#include "audit/leaf.hpp"
#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <optional>
#include <string>

// An entry of the journal as the audit trail has it: metadata alone, never a payload. Pure.
namespace wardline::audit {

struct TrailEntry {
    Seq seq{0};
    Instant time;
    EntryKind kind{};
    Hash leaf;  // As it is stored; the entry is sound if it is the one that the rest gives.
    // What the leaf was made from. Once details are erased only their salted hash is left.
    std::optional<Salt> salt;
    Bytes details;        // Empty without `salt`.
    Hash erased;          // SHA-256(salt details), where `salt` is absent.
    std::string address;  // Of a login, for 28 days; not part of the entry. Empty where not kept.
};

}  // namespace wardline::audit
