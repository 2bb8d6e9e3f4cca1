#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <optional>

// The three keys that a grant certifies for a device, and the device as a chain knows it.
// docs/protocol.md section 4.
namespace wardline::trust {

struct DeviceKeys {
    SigningKey signing;
    IdentityKey identity;
    BoxKey box;
    bool operator==(const DeviceKeys&) const = default;
};

DeviceId device_id_of(const SigningKey& key);

// `pop` of a grant: the device holds its signing key and means this clinic, this invite and these
// other keys. `by`: the key that signs the grant (root's or the invite's).
Signature prove_possession(
    const SigningSecret& device,
    const ClinicId& clinic,
    const SigningKey& by,
    const IdentityKey& identity,
    const BoxKey& box
);
bool verify_possession(
    const DeviceKeys& keys, const ClinicId& clinic, const SigningKey& by, const Signature& pop
);
// `bad_statement` for keys with which nothing could be agreed: of low order, or an identity without
// its type byte.
Result<void> check_usable(const DeviceKeys& keys);

// A device as its chain knows it.
struct DeviceRecord {
    DeviceId id;
    DeviceKeys keys;
    Account account;
    Seq granted{0};
    Instant granted_at;
    Hash grant;                  // Of the grant statement.
    std::optional<Hash> invite;  // Of the invite statement; none if root granted.
    std::optional<Seq> revoked;

    // Granted by an entry before `at` and not revoked by one before it.
    bool live_at(Seq at) const noexcept { return granted < at && !(revoked && *revoked < at); }
};

}  // namespace wardline::trust
