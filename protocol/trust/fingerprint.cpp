#include "protocol/trust/fingerprint.hpp"

#include "protocol/crypto/crypto.hpp"

namespace wardline::trust {
namespace {

constexpr std::size_t kFingerprintBytes = 15;
constexpr std::size_t kGroupDigits = 5;

std::string fingerprint(std::initializer_list<BytesView> parts) {
    const auto full = crypto::hash("wardline/1 fingerprint", parts);
    const auto digits = to_hex(full.view().first(kFingerprintBytes));
    std::string out;
    for (std::size_t at = 0; at < digits.size(); at += kGroupDigits) {
        if (at > 0) out += ' ';
        out += digits.substr(at, kGroupDigits);
    }
    return out;
}

}  // namespace

std::string device_fingerprint(const DeviceKeys& keys) {
    return fingerprint({keys.signing.view(), keys.identity.view(), keys.box.view()});
}

std::string clinic_fingerprint(const ClinicId& clinic, const Hash& genesis) {
    return fingerprint({clinic.view(), genesis.view()});
}

}  // namespace wardline::trust
