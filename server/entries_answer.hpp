#pragma once

#include "protocol/base/cbor.hpp"
#include "server/entry_frames.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

// An answer that lists entries, filled until no more fits into a frame. One thread.
namespace wardline::server {

class EntriesAnswer {
public:
    // False, and nothing is added, when the entry does not fit beside those that are there.
    bool add(const storage::StoredEntry& entry, EntryView view, const DeviceId& device);
    std::size_t size() const noexcept { return entries_.size(); }

    // The frame. `rest`: further keys, each later than "entries" in the order of bytes, and none of
    // "id" and "t". `newest_first`: the entries were added in falling seq; they go out rising.
    Bytes frame(
        std::string_view type, std::uint64_t id, const cbor::Json& rest, bool newest_first = false
    );
    // The list alone.
    Bytes list() const;

private:
    std::vector<Bytes> entries_;
    std::size_t bytes_{0};
};

}  // namespace wardline::server
