#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <cstdint>
#include <string_view>

// Every primitive that Wardline uses, behind one header, so that another platform can bring another
// implementation (this one: OpenSSL 3 and libsodium). docs/protocol.md section 2. All functions may
// be called from any thread.
namespace wardline::crypto {

// Where randomness comes from. Real: system_random(). Tests pass a seeded one.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;
};
Random& system_random();

template <class Fixed>
Fixed random_fixed(Random& random) {
    std::array<std::uint8_t, Fixed::kSize> raw{};
    random.fill(raw);
    return Fixed{raw};
}
template <class Secret>
Secret random_secret(Random& random) {
    Secret out;
    random.fill(out.writable());
    return out;
}

Hash sha256(BytesView data);
// SHA-256(domain 00 data); `parts` are joined.
Hash hash(std::string_view domain, BytesView data);
Hash hash(std::string_view domain, std::initializer_list<BytesView> parts);

// HKDF-SHA256 without salt, info = domain 00 info, 32 bytes.
SymmetricKey derive(BytesView key, std::string_view domain, BytesView info);
Hash derive_public(BytesView key, std::string_view domain, BytesView info);

// HMAC-SHA256.
Hash hmac(BytesView key, BytesView data);

// Ed25519 over domain 00 message.
SigningKey signing_key_of(const SigningSecret& secret);
Signature sign(const SigningSecret& secret, std::string_view domain, BytesView message);
bool verify(
    const SigningKey& key, std::string_view domain, BytesView message, const Signature& signature
);

BoxKey box_key_of(const BoxSecret& secret);
// Whether anything can be sealed for the key: false for the few of low order.
bool is_usable(const BoxKey& key);

// AES-256-GCM; the tag (16 bytes) stands behind the ciphertext.
constexpr std::size_t kGcmTagBytes = 16;
constexpr std::size_t kGcmNonceBytes = 12;
using GcmNonce = std::array<std::uint8_t, kGcmNonceBytes>;
Bytes aead_seal(
    const SymmetricKey& key, const GcmNonce& nonce, BytesView associated, BytesView plaintext
);
// `undecryptable` when key, nonce, associated data or ciphertext are not the ones that were sealed.
Result<Bytes> aead_open(
    const SymmetricKey& key, const GcmNonce& nonce, BytesView associated, BytesView ciphertext
);

// The deterministic box of section 2: a 32-byte secret for one public key in one context.
constexpr std::size_t kBoxBytes = 97;
using Box = FixedBytes<struct BoxTag, kBoxBytes>;
struct BoxContext {
    std::string_view domain;
    Bytes context;
};
// `bad_frame` for a public key of low order.
Result<Box> seal_box(BytesView secret32, const BoxKey& recipient, const BoxContext& context);
// The 32 bytes; `undecryptable` when the box is for another key or context, or is not the one that
// seal_box makes.
Result<SymmetricKey> open_box(
    const Box& box, const BoxSecret& recipient, const BoxContext& context
);

// Argon2id (RFC 9106), 32 bytes; memory in KiB.
SymmetricKey password_key(
    BytesView password,
    const std::array<std::uint8_t, 16>& salt,
    std::uint32_t passes,
    std::uint32_t memory_kib
);

}  // namespace wardline::crypto
