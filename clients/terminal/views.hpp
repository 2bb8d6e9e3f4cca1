#pragma once

#include "clients/core/types.hpp"
#include "clients/terminal/console.hpp"

#include <vector>

// What several commands show to people in the same way.
namespace wardline::terminal {

// "anna", or "patient 4711".
std::string person(const Account& account);

// The URI on a line of its own, until when it holds, and who has to approve it; with `qr` a code
// below.
void show_invite(Console& console, const client::InviteInfo& invite, bool qr);
void show_devices(Console& console, const std::vector<client::DeviceInfo>& devices);
void show_status(Console& console, const client::Status& status);

}  // namespace wardline::terminal
