#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"

#include <filesystem>

// Files that only their owner may read: stores, key files, password files.
namespace wardline::client {

// A new file of mode 0600 with this content, written to the disk. `local_store` when there is one
// already.
Result<void> create_private_file(const std::filesystem::path& file, BytesView content);
// `local_store` when the file is missing, no regular file, somebody else's, or others can read or
// write it.
Result<void> require_private_file(const std::filesystem::path& file);
// The content of such a file. `local_store` also when it is longer than `bytes_max`.
Result<SecretBytes> read_private_file(const std::filesystem::path& file, std::size_t bytes_max);

}  // namespace wardline::client
