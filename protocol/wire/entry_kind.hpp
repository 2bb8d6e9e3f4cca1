#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <string_view>

// What an entry of the journal is about. docs/protocol.md section 9: numbers and names are public.
// Pure; any thread.
namespace wardline::wire {

constexpr std::uint8_t kEntryKinds = 16;  // Numbered from 1, without gaps.

enum class EntryKind : std::uint8_t {
    statement = 1,
    message = 2,
    added_slots = 3,
    login = 4,
    logout = 5,
    open = 6,
    close = 7,
    receipts = 8,
    expiry = 9,
    refusal = 10,
    destroyed = 11,
    export_run = 12,
    server = 13,
    strangers = 14,
    erasure = 15,
    reading = 16,
};

// The published name, e.g. "added-slots".
std::string_view name_of(EntryKind kind) noexcept;
// `bad_frame` for a number that is no kind.
Result<EntryKind> parse_entry_kind(std::uint64_t number);

// Random, one for each entry: without it, nobody can tell by trial what deleted details said.
using Salt = FixedBytes<struct SaltTag, 16>;

}  // namespace wardline::wire
