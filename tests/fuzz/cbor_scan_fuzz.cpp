#include "protocol/base/cbor.hpp"

#include <cstdint>
#include <cstdlib>

// What the strict scan lets pass has to decode, to the value that another reader finds, and to
// encode to as many bytes: there is one encoding but for the order of keys.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wardline;
    const BytesView bytes{data, size};
    const auto value = cbor::decode(bytes);
    if (cbor::scan(bytes).has_value() != value.has_value()) std::abort();
    if (!value) return 0;
    const auto encoded = cbor::encode(value.value());
    if (encoded.size() != size || cbor::decode(encoded).value() != value.value()) std::abort();
    if (cbor::Json::from_cbor(data, data + size) != value.value()) std::abort();
    return 0;
}
