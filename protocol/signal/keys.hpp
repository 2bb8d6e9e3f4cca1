#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Keys of the Signal protocol as values: a device's identity, its prekeys, and the bundle by which
// another device begins a session with it. docs/protocol.md section 10. All functions may be called
// from any thread.
namespace wardline::signal {

// 05, then a Curve25519 point.
using PrekeyPublic = FixedBytes<struct PrekeyPublicTag, 33>;
// XEdDSA, by the identity key over the 33 bytes of the signed prekey. Malleable: never use one as
// an identifier.
using PrekeySignature = FixedBytes<struct PrekeySignatureTag, 64>;
using IdentitySecret = FixedSecret<struct IdentitySecretTag, 32>;

// A device's own identity. Made once at enrolment and certified by its grant.
struct SignalIdentity {
    IdentityKey public_key;
    IdentitySecret secret;
    std::uint32_t registration{0};  // 1 to 16380.
};

struct OneTimePrekey {
    std::uint32_t id{0};
    PrekeyPublic key;
    bool operator==(const OneTimePrekey&) const = default;
};
struct SignedPrekey {
    std::uint32_t id{0};
    PrekeyPublic key;
    PrekeySignature signature;
    bool operator==(const SignedPrekey&) const = default;
};

// What the server hands out for a device: nothing in it is trusted before begin_session() has
// checked it.
struct PrekeyBundle {
    std::uint32_t registration{0};
    SignedPrekey signed_prekey;
    std::optional<OneTimePrekey> one_time;
    bool operator==(const PrekeyBundle&) const = default;
};

// One item of the answer to `prekeys-get`.
struct DeviceBundle {
    DeviceId device;
    PrekeyBundle bundle;
    bool operator==(const DeviceBundle&) const = default;
};

// A prekey with its private half: `record` goes into the device's own store, `key` to the server.
struct OwnOneTimePrekey {
    OneTimePrekey key;
    SecretBytes record;
};
struct OwnSignedPrekey {
    SignedPrekey key;
    SecretBytes record;
};

constexpr std::uint32_t kPrekeyIdMin = 1;          // 0 would wrap around inside the library,
constexpr std::uint32_t kPrekeyIdMax = 0xFFFFFD;   // and 0xFFFFFF would never be used up.
constexpr std::uint32_t kOneTimePrekeysMax = 100;  // Of one upload.
constexpr std::uint32_t kRegistrationMax = 16'380;

Result<SignalIdentity> generate_identity();
// `count` prekeys with the ids first_id, first_id + 1, … `usage` outside the bounds above.
Result<std::vector<OwnOneTimePrekey>> generate_prekeys(std::uint32_t first_id, std::uint32_t count);
Result<OwnSignedPrekey> generate_signed_prekey(
    const SignalIdentity& identity, std::uint32_t id, Instant now
);

// The maps of `prekeys-put` and `prekeys-get`. The parsers answer `bad_frame` for a missing or
// wrong field: an id out of bounds, a key that is not 33 bytes beginning with 05, a signature that
// is not 64 bytes.
cbor::Json to_json(const OneTimePrekey& key);
cbor::Json to_json(const SignedPrekey& key);
Result<OneTimePrekey> parse_one_time_prekey(const cbor::Json& map);
Result<SignedPrekey> parse_signed_prekey(const cbor::Json& map);
cbor::Json to_json(const DeviceBundle& bundle);
Result<DeviceBundle> parse_bundle(const cbor::Json& map);

// Whether `key` begins with 05 and its point is not one of those of low order, which would make a
// shared secret known to everybody.
bool is_sound_key(BytesView key) noexcept;
// Whether the identity made the signature of a signed prekey. The server asks this too, at upload.
bool is_signed_by(const SignedPrekey& key, const IdentityKey& identity);

// 60 decimal digits in groups of five, the same on both sides, over both accounts' immutable names
// and the identity keys of all their live devices (in any order). `usage` for an empty list. Takes
// about 3 ms a key.
Result<std::string> safety_number(
    const Account& ours,
    std::span<const IdentityKey> our_keys,
    const Account& theirs,
    std::span<const IdentityKey> their_keys
);

}  // namespace wardline::signal
