#pragma once

// The migrations that are built into the program: storage/migrations/main/NNNN_name.sql for the
// main database and storage/migrations/keys/NNNN_name.sql for the key ring's. The build generates
// the functions below from those files (cmake/Migrations.cmake). Constant data; any thread.

#include <span>
#include <string_view>

namespace wardline::storage {

struct Migration {
    int number;                   // 1, 2, 3 ... without gaps within its set.
    std::string_view name;        // The file's name without ".sql", e.g. "0001_first_schema".
    std::string_view sql;         // The file's bytes.
    std::string_view sha256_hex;  // SHA-256 of the file's bytes, 64 lower-case hex digits.
};

// In order of their number.
std::span<const Migration> main_migrations();
std::span<const Migration> key_migrations();

}  // namespace wardline::storage
