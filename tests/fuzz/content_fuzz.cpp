// What a decrypted message says, behind its padding: written by another client, who may be hostile.
#include "protocol/message/content.hpp"
#include "protocol/message/padding.hpp"

#include <cstdint>
#include <cstdlib>

using namespace wardline;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void parse(BytesView bytes) {
    const auto content = message::parse_content(bytes);
    if (!content || std::holds_alternative<message::UnknownContent>(content.value())) return;
    const auto encoded = message::encode(content.value());
    require(message::parse_content(encoded.value()).value() == content.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes{data, size};
    parse(bytes);
    if (const auto content = message::unpad(bytes)) {
        const auto padded = message::pad(content.value());
        require(std::equal(padded.begin(), padded.end(), bytes.begin(), bytes.end()));
        parse(content.value());
    }
    return 0;
}
