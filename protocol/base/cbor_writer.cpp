#include "protocol/base/cbor_writer.hpp"

namespace wardline::cbor {

Writer& Writer::head(unsigned major, std::uint64_t value) {
    unsigned info = 27;
    int width = 8;
    if (value < 24) {
        info = static_cast<unsigned>(value);
        width = 0;
    } else if (value <= 0xff) {
        info = 24;
        width = 1;
    } else if (value <= 0xffff) {
        info = 25;
        width = 2;
    } else if (value <= 0xffffffff) {
        info = 26;
        width = 4;
    }
    out_.push_back(static_cast<std::uint8_t>(major << 5 | info));
    for (int byte = width - 1; byte >= 0; --byte) {
        out_.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    }
    return *this;
}

Writer& Writer::text(std::string_view text) {
    head(3, text.size());
    append(out_, as_bytes(text));
    return *this;
}

Writer& Writer::bytes(BytesView bytes) {
    head(2, bytes.size());
    append(out_, bytes);
    return *this;
}

Writer& Writer::boolean(bool value) {
    out_.push_back(value ? 0xf5 : 0xf4);
    return *this;
}

Writer& Writer::item(BytesView encoded) {
    append(out_, encoded);
    return *this;
}

}  // namespace wardline::cbor
