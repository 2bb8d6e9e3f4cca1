#pragma once

#include "tests/bench/report.hpp"

#include <cstddef>
#include <filesystem>

// How fast an export of the audit trail is verified, from a file, on one core. Errors are
// exceptions.
namespace wardline::bench {

struct VerifyOptions {
    std::size_t entries{1'000'000};
    std::size_t batch{128};  // Entries between two signed heads, as the server keeps them.
    std::filesystem::path below{"/var/tmp"};
};
Report verify(const VerifyOptions& options);

}  // namespace wardline::bench
