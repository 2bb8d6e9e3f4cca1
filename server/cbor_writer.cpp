#include "server/cbor_writer.hpp"

namespace wardline::server {

CborWriter& CborWriter::head(unsigned major, std::uint64_t value) {
    const auto type = static_cast<std::uint8_t>(major << 5);
    if (value < 24) {
        out_.push_back(static_cast<std::uint8_t>(type | value));
        return *this;
    }
    unsigned width_log2 = 0;
    while (width_log2 < 3 && (value >> (8U << width_log2)) != 0) ++width_log2;
    out_.push_back(static_cast<std::uint8_t>(type | (24 + width_log2)));
    for (unsigned shift = 8U << width_log2; shift != 0;) {
        shift -= 8;
        out_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return *this;
}

}  // namespace wardline::server
