#pragma once

#include "protocol/base/secret.hpp"
#include "protocol/crypto/crypto.hpp"
#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// A plain numbered store of random keys and nothing else, in a cluster of its own. What it no
// longer holds, nobody can read any more, whatever backups of the main database exist. Owned by
// main.
namespace wardline::storage {

class Database;

using KeyNumber = std::uint64_t;

struct UnitKey {
    KeyNumber number{0};
    SymmetricKey key;
};

// Reads the key-encryption key from a file of exactly 32 bytes that nobody else may read; makes one
// (mode 0600, synced) where the file does not exist and `create`. `io` with a sentence otherwise.
Result<SymmetricKey> load_key_encryption_key(
    const std::string& path, bool create, crypto::Random& random
);

class KeyRing {
public:
    KeyRing(Database& database, SymmetricKey key_encryption_key, crypto::Random& random);
    ~KeyRing();

    // Refuses a ring that does not belong to the main database: one put back from a backup, which
    // would hand out numbers again, is moved past them; another key-encryption key is `usage`.
    Task<void> check();

    // A key never used before. From memory, where a block reserved ahead lasts.
    Task<UnitKey> take();
    // How many take() can answer without waiting.
    std::size_t ready() const;
    // Reserves and loads ahead, so that take() need not wait, and fills the ring.
    Task<void> top_up();

    // Those that exist, in no order; a destroyed key is left out. Keeps the newest used in memory.
    Task<std::vector<UnitKey>> find(std::vector<KeyNumber> numbers);
    // From memory only.
    const SymmetricKey* cached(KeyNumber number) const;

    // Destroys keys for good; those that are gone already are no error.
    Task<void> destroy(std::vector<KeyNumber> numbers);
    // Rewrites the ring's files so that destroyed keys are in none of them, write-ahead log
    // included. Only for a cluster of our own; run it once a day after destroy().
    Task<void> scrub();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What stands in the main database: nonce, ciphertext, tag. The unit key opens it only at its
// place.
struct PayloadPlace {
    Seq seq{0};
    ThreadId thread;
    UnitNumber unit{0};
};
constexpr std::size_t kWrapBytes = crypto::kGcmNonceBytes + crypto::kGcmTagBytes;
Bytes wrap_payload(
    const SymmetricKey& key,
    const crypto::GcmNonce& nonce,
    const PayloadPlace& place,
    BytesView payload
);
// `undecryptable` for another key or place, or changed bytes.
Result<Bytes> unwrap_payload(const SymmetricKey& key, const PayloadPlace& place, BytesView wrapped);

}  // namespace wardline::storage
