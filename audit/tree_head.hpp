#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <chrono>
#include <cstdint>

// A signed statement of the server: "the journal has these entries". docs/protocol.md section 9.
// Pure; any thread.
namespace wardline::audit {

constexpr std::uint64_t kIncarnation = 1;
constexpr std::size_t kHeadBytesMax = 256;

struct TreeHead {
    ClinicId clinic;
    std::uint64_t incarnation{kIncarnation};
    std::uint64_t size{0};
    Hash root;
    Instant time;
    bool operator==(const TreeHead&) const = default;
};

// The exact bytes that were signed, and the signature.
struct SignedHead {
    Bytes body;
    Signature sig;
    bool operator==(const SignedHead&) const = default;
};

Bytes encode(const TreeHead& head);
// `bad_frame` for anything but exactly the keys of version 1.
Result<TreeHead> parse_head(BytesView body);

SignedHead sign_head(const TreeHead& head, const SigningSecret& audit_key);
// The head, if the clinic's audit key signed it: `bad_signature`, `bad_frame`, or `trust_alarm`
// when it speaks of another clinic or incarnation.
Result<TreeHead> verify_head(
    const SignedHead& head, const SigningKey& audit_key, const ClinicId& clinic
);

// Older than this, clients say so and send nothing clinical. 7 days exactly is not yet too old.
constexpr std::chrono::milliseconds kHeadAgeMax = std::chrono::hours{7 * 24};
bool is_stale(const TreeHead& head, Instant now) noexcept;

}  // namespace wardline::audit
