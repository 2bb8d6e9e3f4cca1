#pragma once

#include "clients/core/store_key.hpp"
#include "protocol/base/result.hpp"

#include <string>

// Where a password comes from: never from an argument, which every user of the machine can read.
namespace wardline::terminal {

struct KeySource {
    std::string password_file;  // Its first line.
    std::string key_file;       // For unattended use.
};

// Of something that exists: from the file given, else asked once. `subject` as in "Password for
// /home/…".
Result<client::StoreKey> existing_key(const KeySource& source, const std::string& subject);
// Of something that is being made: asked twice, at least kPasswordBytesMin long.
Result<client::StoreKey> new_key(const KeySource& source, const std::string& subject);

constexpr std::size_t kPasswordBytesMin = 8;

}  // namespace wardline::terminal
