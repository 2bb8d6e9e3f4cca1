#include "protocol/trust/device_keys.hpp"

#include "protocol/crypto/crypto.hpp"

#include <algorithm>

namespace wardline::trust {
namespace {

constexpr std::string_view kPossession = "wardline/1 possession";
constexpr std::uint8_t kCurve25519Type = 5;

Bytes possession_input(
    const ClinicId& clinic, const SigningKey& by, const IdentityKey& identity, const BoxKey& box
) {
    return concat({clinic.view(), by.view(), identity.view(), box.view()});
}

}  // namespace

DeviceId device_id_of(const SigningKey& key) {
    const auto full = crypto::hash("wardline/1 device id", key.view());
    return DeviceId::from(full.view().first(DeviceId::kSize)).value();
}

Signature prove_possession(
    const SigningSecret& device,
    const ClinicId& clinic,
    const SigningKey& by,
    const IdentityKey& identity,
    const BoxKey& box
) {
    return crypto::sign(device, kPossession, possession_input(clinic, by, identity, box));
}

bool verify_possession(
    const DeviceKeys& keys, const ClinicId& clinic, const SigningKey& by, const Signature& pop
) {
    const auto input = possession_input(clinic, by, keys.identity, keys.box);
    return crypto::verify(keys.signing, kPossession, input, pop);
}

Result<void> check_usable(const DeviceKeys& keys) {
    const auto identity = keys.identity.view();
    const auto curve_key = BoxKey::from(identity.subspan(1)).value();
    if (identity[0] != kCurve25519Type || !crypto::is_usable(curve_key)) {
        return Error{Code::bad_statement, "the identity key is not usable"};
    }
    if (!crypto::is_usable(keys.box)) {
        return Error{Code::bad_statement, "the box key is not usable"};
    }
    return success();
}

}  // namespace wardline::trust
