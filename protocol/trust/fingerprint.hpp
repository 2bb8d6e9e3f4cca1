#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/trust/device_keys.hpp"

#include <string>

// What people compare by eye or read to each other: 30 hexadecimal digits in six groups.
// docs/protocol.md section 2.
namespace wardline::trust {

std::string device_fingerprint(const DeviceKeys& keys);
std::string clinic_fingerprint(const ClinicId& clinic, const Hash& genesis);

}  // namespace wardline::trust
