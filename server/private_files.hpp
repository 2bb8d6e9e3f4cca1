#pragma once

#include "protocol/base/result.hpp"

#include <string>
#include <string_view>

// Files and folders that only the server's user may read. Errors are `io` with a sentence for the
// person.
namespace wardline::server {

// Makes the folder (0700) if there is none; refuses one that others may enter or that belongs to
// someone else. As root, a new folder is given to the owner of its parent folder, whoever runs the
// server there.
Result<void> ensure_private_folder(const std::string& folder);

// Replaces the file (0600) in one step: after a crash it is the old one or the new one. As root, it
// is given to the owner of its folder.
Result<void> write_private_file(const std::string& file, std::string_view content);

// The content of a file of at most `bytes_max`. `not_found` when there is none.
Result<std::string> read_file(const std::string& file, std::size_t bytes_max);

}  // namespace wardline::server
