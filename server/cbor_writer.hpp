#pragma once

#include "protocol/base/bytes.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

// Writes CBOR of the profile straight into a frame, without a tree of values in between. The caller
// writes keys in the order of their bytes and as many items as it announced. One thread.
namespace wardline::server {

class CborWriter {
public:
    CborWriter() = default;
    explicit CborWriter(std::size_t reserve) { out_.reserve(reserve); }

    CborWriter& map(std::uint64_t pairs) { return head(5, pairs); }
    CborWriter& array(std::uint64_t items) { return head(4, items); }
    CborWriter& uint(std::uint64_t value) { return head(0, value); }
    CborWriter& boolean(bool value) {
        out_.push_back(value ? 0xF5 : 0xF4);
        return *this;
    }
    CborWriter& text(std::string_view value) {
        head(3, value.size());
        return raw(as_bytes(value));
    }
    CborWriter& bytes(BytesView value) {
        head(2, value.size());
        return raw(value);
    }
    // An item that is encoded already.
    CborWriter& raw(BytesView item) {
        out_.insert(out_.end(), item.begin(), item.end());
        return *this;
    }

    std::size_t size() const noexcept { return out_.size(); }
    const Bytes& view() const noexcept { return out_; }
    Bytes take() { return std::exchange(out_, {}); }

private:
    CborWriter& head(unsigned major, std::uint64_t value);

    Bytes out_;
};

}  // namespace wardline::server
