#include "server/visible.hpp"

#include "protocol/base/cbor.hpp"

namespace wardline::server {

bool is_content(const storage::StoredEntry& entry) noexcept {
    return entry.kind == audit::EntryKind::message || entry.kind == audit::EntryKind::added_slots;
}

bool is_internal(const storage::StoredEntry& entry) {
    if (entry.message_class) {
        return trust::audience_of(*entry.message_class) == trust::Audience::internal;
    }
    if (entry.kind != audit::EntryKind::added_slots) return true;
    const auto details = cbor::decode(entry.details);
    if (!details || !details.value().is_object()) return true;
    const auto found = details.value().find("audience");
    return found == details.value().end() || *found != trust::name_of(trust::Audience::all);
}

}  // namespace wardline::server
