#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/wire/entry_kind.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// An entry of the journal as devices get it. docs/protocol.md section 9. Pure; any thread.
namespace wardline::wire {

// At most one of the payloads is there, and none, nor details and salt, where these are erased.
// They are encoded CBOR items, spliced into frames as they are, so that the server neither parses
// nor encodes again what it relays.
struct Entry {
    Seq seq{0};
    Instant time;
    EntryKind kind{EntryKind::statement};
    Bytes details;  // The CBOR map that the leaf binds.
    Salt salt;
    std::optional<Hash> erased;             // SHA-256(salt details), in their place.
    std::optional<trust::ChainName> chain;  // With a statement.
    Bytes statement;                        // A map {"body", "sig"}.
    Bytes message;                          // A map {"header", "ciphertext", "slots", "signature"}.
    Bytes live;   // With a message: [kind, bytes] for the receiving device, if it has a live slot.
    Bytes added;  // An array of added slots.
    bool expired{false};  // The payload is gone.

    bool operator==(const Entry&) const = default;
};

// The entry's map.
Bytes encode(const Entry& entry);

// `bad_frame`. Keys that are not known are ignored.
Result<Entry> parse_entry(const cbor::Json& map);
Result<std::vector<Entry>> parse_entries(const cbor::Json& array, std::size_t entries_max);

}  // namespace wardline::wire
