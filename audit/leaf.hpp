#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

// One entry of the journal as the tree sees it. docs/protocol.md section 9. Pure; any thread.
namespace wardline::audit {

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
    export_ = 12,
};

// The published name, e.g. "added-slots".
std::string_view name_of(EntryKind kind) noexcept;
// Nothing for a number that this version does not know.
std::optional<EntryKind> entry_kind(std::uint64_t number) noexcept;

// Random, one for each entry: without it, nobody can tell by trial what deleted details said.
using Salt = FixedBytes<struct SaltTag, 16>;

// SHA-256(salt details): all that a leaf knows of the details, so that they can be deleted.
Hash details_hash(const Salt& salt, BytesView details);

// SHA-256(00 u64(seq) u64(time) kind details_hash).
Hash leaf_hash(Seq seq, Instant time, EntryKind kind, const Hash& details);

// SHA-256(01 left right).
Hash node_hash(const Hash& left, const Hash& right);

// Root of the tree without leaves: SHA-256 of nothing (RFC 9162 section 2.1.1).
Hash empty_root();

}  // namespace wardline::audit
