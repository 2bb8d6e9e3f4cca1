#include "protocol/message/padding.hpp"

#include <algorithm>
#include <bit>

namespace wardline::message {

namespace {

constexpr std::uint8_t kMarker = 0x80;

// Padmé: of a length of E+1 bits, only the first bits that are needed to write E down may be other
// than zero.
std::size_t padme(std::size_t length) noexcept {
    if (length < 2) return length;
    const auto exponent = static_cast<unsigned>(std::bit_width(length)) - 1;
    const auto exponent_bits = static_cast<unsigned>(std::bit_width(exponent));
    const std::size_t mask = (std::size_t{1} << (exponent - exponent_bits)) - 1;
    return (length + mask) & ~mask;
}

}  // namespace

std::size_t padded_size(std::size_t content_bytes) noexcept {
    return std::max(padme(content_bytes + 1), kPaddedBytesMin);
}

Bytes pad(BytesView content) {
    Bytes padded(padded_size(content.size()));
    std::ranges::copy(content, padded.begin());
    padded[content.size()] = kMarker;
    return padded;
}

Result<BytesView> unpad(BytesView padded) {
    const auto last =
        std::find_if(padded.rbegin(), padded.rend(), [](auto byte) { return byte != 0; });
    if (last == padded.rend() || *last != kMarker) {
        return Error{Code::undecryptable, "a content without the end of its padding"};
    }
    const auto content = padded.first(static_cast<std::size_t>(padded.rend() - last) - 1);
    if (padded_size(content.size()) != padded.size()) {
        return Error{Code::undecryptable, "a content with another padding than its length's"};
    }
    return content;
}

}  // namespace wardline::message
