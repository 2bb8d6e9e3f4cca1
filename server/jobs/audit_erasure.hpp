#pragma once

#include "server/services.hpp"

#include <cstdint>

// Details of the trail whose own period has ended, or whose erasure two people have decided, are
// erased: first the entry that says so, then the rows. What a run leaves undone the next one does.
namespace wardline::server {

// How long the network address of a login is kept.
constexpr std::chrono::hours kAddressTime{28 * 24};

// Answers how many entries lost their details. Nothing before there is a clinic.
storage::Task<std::uint64_t> run_audit_erasure(Services& services);

}  // namespace wardline::server
