#include "server/entries_answer.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server {
namespace {

// Left for the other keys of the answer: a signed head, numbers.
constexpr std::size_t kOtherBytes = 1'024;
constexpr std::size_t kEntriesBytesMax = cbor::kItemBytesMax - kOtherBytes;

}  // namespace

bool EntriesAnswer::add(const storage::StoredEntry& entry, EntryView view, const DeviceId& device) {
    auto encoded = encode_entry(entry, view, device);
    if (!entries_.empty() && bytes_ + encoded.size() > kEntriesBytesMax) return false;
    bytes_ += encoded.size();
    entries_.push_back(std::move(encoded));
    return true;
}

Bytes EntriesAnswer::frame(
    std::string_view type, std::uint64_t id, const cbor::Json& rest, bool newest_first
) {
    if (newest_first) std::ranges::reverse(entries_);
    // The other keys in their order, which "id" and "t" join.
    auto others = rest;
    others["id"] = id;
    others["t"] = type;
    cbor::Writer out{bytes_ + kOtherBytes};
    out.map(1 + others.size()).text("entries").item(list());
    for (const auto& [key, value] : others.items()) out.text(key).item(cbor::encode(value));
    return std::move(out).take();
}

Bytes EntriesAnswer::list() const {
    cbor::Writer out{bytes_ + 8};
    out.array(entries_.size());
    for (const auto& entry : entries_) out.item(entry);
    return std::move(out).take();
}

}  // namespace wardline::server
