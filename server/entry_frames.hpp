#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor_writer.hpp"
#include "protocol/base/ids.hpp"
#include "storage/journal_state.hpp"

#include <cstdint>

// Entries as they go over the wire, docs/protocol.md section 9. Pure.
namespace wardline::server {

// What a receiver may have of an entry.
enum class EntryView : std::uint8_t {
    notice,   // Metadata only.
    payload,  // The statement, the message with this device's live slot, or the added slots.
};

// One entry as a map. `device` chooses the live slot.
void write_entry(
    cbor::Writer& out, const storage::StoredEntry& entry, EntryView view, const DeviceId& device
);
Bytes encode_entry(const storage::StoredEntry& entry, EntryView view, const DeviceId& device);

// The frame {"t":"entry","entry":…}.
Bytes entry_push(const storage::StoredEntry& entry, EntryView view, const DeviceId& device);

}  // namespace wardline::server
