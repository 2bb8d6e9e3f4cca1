#pragma once

#include "audit/tree_head.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <string>
#include <string_view>

// A tree head as it is handed to somebody outside, with what is needed to check it: one line of
// JSON, docs/audit.md "Formats". Pure; any thread.
namespace wardline::audit {

struct Witness {
    ClinicId clinic;
    SigningKey audit_key;
    SignedHead head;
    bool operator==(const Witness&) const = default;
};

// Ends in a newline.
std::string witness_line(const Witness& witness);
// `bad_frame` with a sentence. White space around the line is allowed. Nothing is verified.
Result<Witness> parse_witness(std::string_view line);

}  // namespace wardline::audit
