#pragma once

#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <filesystem>
#include <string_view>

namespace wardline::client {

// What opens a sealed store or a sealed key file: a password that a person types (stretched with
// Argon2id), or the content of a key file (for unattended use; hashed).
class StoreKey {
public:
    enum class Kind : std::uint8_t { password, key };

    // `usage` for an empty password.
    static Result<StoreKey> from_password(std::string_view password);
    // 32 bytes as hex or base64, or any content of at least 16 bytes. `usage` when shorter;
    // `local_store` when others can read the file, or it cannot be read.
    static Result<StoreKey> from_key_file(const std::filesystem::path& file);
    // A file that holds a password in its first line. The same permission rule.
    static Result<StoreKey> from_password_file(const std::filesystem::path& file);

    Kind kind() const noexcept { return kind_; }
    const SecretBytes& secret() const noexcept { return secret_; }

private:
    StoreKey(Kind kind, SecretBytes secret) : kind_{kind}, secret_{std::move(secret)} {}
    Kind kind_;
    SecretBytes secret_;
};

}  // namespace wardline::client
