#include "server/entry_frames.hpp"

#include "protocol/wire/entry.hpp"
#include "server/message_payload.hpp"

#include <optional>

namespace wardline::server {
namespace {

using audit::EntryKind;

// What of an entry a receiver gets beside its metadata.
struct Shown {
    std::optional<MessagePayload> message;
    std::optional<BytesView> live;
    const storage::StoredStatement* statement{nullptr};
    std::optional<Bytes> added;
    bool expired{false};
};

// A payload of added slots is an array for each unit; the receiver gets one array of all.
Bytes join_added(const std::vector<storage::StoredPayload>& payloads) {
    if (payloads.size() == 1) return payloads.front().bytes;
    Bytes items;
    std::uint64_t count = 0;
    for (const auto& payload : payloads) {
        if (payload.bytes.empty()) continue;
        // At most 200 items: a head of one or two bytes.
        const unsigned info = payload.bytes[0] & 31;
        const std::size_t head = info < 24 ? 1 : 2;
        if (payload.bytes.size() < head) continue;
        count += info < 24 ? info : payload.bytes[1];
        append(items, BytesView{payload.bytes}.subspan(head));
    }
    cbor::Writer out{items.size() + 3};
    out.array(count).item(items);
    return std::move(out).take();
}

Shown choose(const storage::StoredEntry& entry, EntryView view, const DeviceId& device) {
    Shown out;
    out.expired = entry.expired;
    if (view == EntryView::notice) return out;
    if (entry.kind == EntryKind::statement && entry.statement) out.statement = &*entry.statement;
    if (entry.payloads.empty()) return out;
    if (entry.kind == EntryKind::message) {
        out.message = MessagePayload::of(entry.payloads.front().bytes);
        if (out.message) out.live = out.message->live_of(device);
    } else if (entry.kind == EntryKind::added_slots) {
        out.added = join_added(entry.payloads);
    }
    return out;
}

std::size_t size_of(const storage::StoredEntry& entry, const Shown& shown) {
    std::size_t size = 96 + entry.details.size();
    if (shown.message) size += shown.message->message.size() + 16;
    if (shown.live) size += shown.live->size() + 8;
    if (shown.statement) size += shown.statement->bytes.size() + 96;
    if (shown.added) size += shown.added->size() + 8;
    return size;
}

void write_erased(cbor::Writer& out, const storage::StoredEntry& entry) {
    wire::Entry erased;
    erased.seq = entry.seq;
    erased.time = entry.time;
    erased.kind = entry.kind;
    erased.erased = entry.erased;
    out.item(wire::encode(erased));
}

void write(cbor::Writer& out, const storage::StoredEntry& entry, const Shown& shown) {
    if (entry.erased) return write_erased(out, entry);
    const unsigned pairs = 5 + (shown.message ? 1 : 0) + (shown.live ? 1 : 0) +
                           (shown.statement != nullptr ? 2 : 0) + (shown.added ? 1 : 0) +
                           (shown.expired ? 1 : 0);
    out.map(pairs);
    if (shown.added) out.text("added").item(*shown.added);
    if (shown.statement != nullptr) out.text("chain").text(shown.statement->chain);
    out.text("details").bytes(entry.details);
    if (shown.expired) out.text("expired").boolean(true);
    out.text("kind").uint(static_cast<std::uint64_t>(entry.kind));
    if (shown.live) out.text("live").array(2).item(*shown.live);
    if (shown.message) out.text("message").item(shown.message->message);
    out.text("salt").bytes(entry.salt.view());
    out.text("seq").uint(entry.seq);
    if (shown.statement != nullptr) out.text("statement").item(shown.statement->bytes);
    out.text("time").uint(entry.time.ms);
}

}  // namespace

void write_entry(
    cbor::Writer& out, const storage::StoredEntry& entry, EntryView view, const DeviceId& device
) {
    write(out, entry, choose(entry, view, device));
}

Bytes encode_entry(const storage::StoredEntry& entry, EntryView view, const DeviceId& device) {
    const auto shown = choose(entry, view, device);
    cbor::Writer out{size_of(entry, shown)};
    write(out, entry, shown);
    return std::move(out).take();
}

Bytes entry_push(const storage::StoredEntry& entry, EntryView view, const DeviceId& device) {
    const auto shown = choose(entry, view, device);
    cbor::Writer out{size_of(entry, shown) + 16};
    out.map(2).text("entry");
    write(out, entry, shown);
    out.text("t").text("entry");
    return std::move(out).take();
}

}  // namespace wardline::server
