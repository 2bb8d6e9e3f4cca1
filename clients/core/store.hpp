#pragma once

#include "clients/core/store_key.hpp"
#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"
#include "protocol/crypto/crypto.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

// The client's own records on disk: one SQLite file in which names are HMACs and values are sealed
// (AES-256-GCM) under a random store key, itself sealed under a password or key file. Every commit
// is on the disk before it returns. One thread, one process (home.hpp holds the lock).
namespace wardline::client {

// What Argon2id costs. Written into the file, so that it can rise later.
struct PasswordCost {
    std::uint32_t passes{3};
    std::uint32_t memory_kib{65'536};
};

struct Record {
    Bytes key;
    std::uint64_t ordinal{0};
    SecretBytes value;
};

// A part of the store with records of its own. `name` is never on the disk in clear.
struct Space {
    std::string_view name;
};

class Store {
public:
    static constexpr std::int32_t kSchema = 1;

    // A new file, mode 0600. `local_store` when there is one already.
    static Result<std::unique_ptr<Store>> create(
        const std::filesystem::path& file,
        const StoreKey& key,
        crypto::Random& random,
        PasswordCost cost = {}
    );
    // `local_store`, and nothing touched, when it is missing, no store, newer than this program,
    // damaged, readable by others, or sealed under another key.
    static Result<std::unique_ptr<Store>> open(
        const std::filesystem::path& file, const StoreKey& key, crypto::Random& random
    );
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // `local_store` when a record does not open: changed on disk, or moved from another place.
    Result<std::optional<SecretBytes>> get(Space space, BytesView key);
    // Replaces. `ordinal` orders the records of a space, and is the one thing about a record that
    // is not sealed.
    Result<void> put(Space space, BytesView key, BytesView value, std::uint64_t ordinal = 0);
    Result<void> erase(Space space, BytesView key);
    Result<void> erase_all(Space space);
    // Ordinals from `first` on, rising, at most `limit`.
    Result<std::vector<Record>> from(Space space, std::uint64_t first, std::size_t limit);
    // Ordinals below `end`, falling, at most `limit`.
    Result<std::vector<Record>> below(Space space, std::uint64_t end, std::size_t limit);
    Result<std::uint64_t> count(Space space);

    struct Impl;

private:
    friend class StoreTransaction;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// All writes between construction and commit() happen, or none. Inside another transaction of the
// same store it is a part of that one: only the outermost commit writes, and a part that is given
// up makes the whole fail.
class StoreTransaction {
public:
    explicit StoreTransaction(Store& store);
    ~StoreTransaction();
    StoreTransaction(const StoreTransaction&) = delete;
    StoreTransaction& operator=(const StoreTransaction&) = delete;

    // After a failure nothing was written.
    Result<void> commit();

private:
    Store& store_;
    bool ended_{false};
};

}  // namespace wardline::client
