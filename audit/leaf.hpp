#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/wire/entry_kind.hpp"

#include <cstdint>

// One entry of the journal as the tree sees it. docs/protocol.md section 9. Pure; any thread.
namespace wardline::audit {

using wire::EntryKind;
using wire::Salt;

// SHA-256(salt details): all that a leaf knows of the details, so that they can be deleted.
Hash details_hash(const Salt& salt, BytesView details);

// SHA-256(00 u64(seq) u64(time) kind details_hash).
Hash leaf_hash(Seq seq, Instant time, EntryKind kind, const Hash& details);

// SHA-256(01 left right).
Hash node_hash(const Hash& left, const Hash& right);

// Root of the tree without leaves: SHA-256 of nothing (RFC 9162 section 2.1.1).
Hash empty_root();

}  // namespace wardline::audit
