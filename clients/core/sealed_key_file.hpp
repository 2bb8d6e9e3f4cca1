#pragma once

#include "clients/core/store_key.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/crypto.hpp"

#include <filesystem>
#include <string>

// A private key of the clinic in a file of its own, sealed under a passphrase (Argon2id,
// AES-256-GCM): the root key and the vault key, which people put away. CBOR
// {"v":1,"what":…,"clinic":h'…',"public":h'…32',"salt":…,"passes":…, "memory":…,"sealed":h'…'}
// behind the line "wardline sealed key 1\n"; mode 0600.
namespace wardline::client {

enum class SealedKeyKind : std::uint8_t { root, vault };

struct SealedKey {
    SealedKeyKind kind{SealedKeyKind::root};
    ClinicId clinic;
    FixedBytes<struct PublicHalfTag, 32>
        public_half;      // What the file says it is, so that it can be shown without opening.
    SymmetricKey secret;  // Ed25519 seed of a root key, X25519 private key of a vault key.
};

// `conflict` when the file exists.
Result<void> write_sealed_key(
    const std::filesystem::path& file,
    const SealedKey& key,
    const StoreKey& passphrase,
    crypto::Random& random
);
// `local_store` when the file is missing, readable by others, no such file, newer than this
// program, or the passphrase is wrong.
Result<SealedKey> read_sealed_key(const std::filesystem::path& file, const StoreKey& passphrase);

}  // namespace wardline::client
