#pragma once

namespace wardline::storage {

// False only in the build that measures what the audit trail costs: it leaves out leaves, tree and
// details, and nothing that it writes can be verified. docs/performance.md.
#ifdef WARDLINE_MEASURE_WITHOUT_TRAIL
inline constexpr bool kKeepsTrail = false;
#else
inline constexpr bool kKeepsTrail = true;
#endif

}  // namespace wardline::storage
