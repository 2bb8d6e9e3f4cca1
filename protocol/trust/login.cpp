#include "protocol/trust/login.hpp"

#include "protocol/crypto/crypto.hpp"

namespace wardline::trust {
namespace {

constexpr std::string_view kLogin = "wardline/1 login";
constexpr std::string_view kEnrolBegin = "wardline/1 enrol begin";

Bytes login_input(const LoginChallenge& challenge) {
    auto input = concat(
        {challenge.clinic.view(),
         challenge.device.view(),
         challenge.nonce.view(),
         challenge.binding.view()}
    );
    append_u64(input, challenge.generation);
    return input;
}

Bytes enrol_begin_input(const InviteHandle& handle, Instant time) {
    auto input = handle.bytes();
    append_u64(input, time.ms);
    return input;
}

}  // namespace

Signature sign_login(const SigningSecret& device, const LoginChallenge& challenge) {
    return crypto::sign(device, kLogin, login_input(challenge));
}

bool verify_login(
    const SigningKey& device, const LoginChallenge& challenge, const Signature& signature
) {
    return crypto::verify(device, kLogin, login_input(challenge), signature);
}

Signature sign_enrol_begin(const SigningSecret& invite, const InviteHandle& handle, Instant time) {
    return crypto::sign(invite, kEnrolBegin, enrol_begin_input(handle, time));
}

bool verify_enrol_begin(
    const SigningKey& invite, const InviteHandle& handle, Instant time, const Signature& signature
) {
    return crypto::verify(invite, kEnrolBegin, enrol_begin_input(handle, time), signature);
}

}  // namespace wardline::trust
