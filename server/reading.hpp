#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/wire/entry_kind.hpp"

#include <optional>
#include <string>
#include <vector>

// What part of the trail a connection is reading: it said so, and the entry that records it is
// committed. Plain values.
namespace wardline::server {

struct Reading {
    Seq from{1};
    Seq to{0};
    bool follows{false};                 // Beyond `to`, as entries come.
    std::vector<wire::EntryKind> kinds;  // None: every kind.
    std::optional<ThreadId> thread;      // Only what is about it, and
    std::string chain;                   // the statements of its patient's chain.
    std::string subject;                 // Only what this account did, as text; empty: anybody.
    std::optional<DeviceId> device;      // Only what this device did.
};

}  // namespace wardline::server
