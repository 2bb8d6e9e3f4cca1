#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>

// What a device signs to log in, and an invite to begin an enrolment. docs/protocol.md sections 10
// and 11.
namespace wardline::trust {

using LoginNonce = FixedBytes<struct LoginNonceTag, 32>;
// The TLS exporter's bytes, or zeros where the client cannot know them.
using TlsBinding = FixedBytes<struct TlsBindingTag, 32>;

struct LoginChallenge {
    ClinicId clinic;
    DeviceId device;
    LoginNonce nonce;
    TlsBinding binding;
    std::uint64_t generation{0};
};
Signature sign_login(const SigningSecret& device, const LoginChallenge& challenge);
bool verify_login(
    const SigningKey& device, const LoginChallenge& challenge, const Signature& signature
);

Signature sign_enrol_begin(const SigningSecret& invite, const InviteHandle& handle, Instant time);
bool verify_enrol_begin(
    const SigningKey& invite, const InviteHandle& handle, Instant time, const Signature& signature
);

}  // namespace wardline::trust
