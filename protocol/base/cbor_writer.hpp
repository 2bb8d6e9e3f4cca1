#pragma once

#include "protocol/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

// Writes CBOR piece by piece, for what is written often: no tree of values in between, and items
// that are encoded already go in as they are. The caller keeps count of items and order of keys.
namespace wardline::cbor {

class Writer {
public:
    Writer() = default;
    explicit Writer(std::size_t bytes_expected) { out_.reserve(bytes_expected); }

    Writer& map(std::uint64_t pairs) { return head(5, pairs); }
    Writer& array(std::uint64_t items) { return head(4, items); }
    Writer& text(std::string_view text);
    Writer& bytes(BytesView bytes);
    Writer& uint(std::uint64_t value) { return head(0, value); }
    Writer& boolean(bool value);
    // One item that is encoded already.
    Writer& item(BytesView encoded);

    std::size_t size() const noexcept { return out_.size(); }
    const Bytes& view() const noexcept { return out_; }
    Bytes take() && { return std::move(out_); }

private:
    Writer& head(unsigned major, std::uint64_t value);
    Bytes out_;
};

}  // namespace wardline::cbor
