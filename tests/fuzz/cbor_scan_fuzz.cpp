#include "protocol/base/cbor.hpp"

#include <cstdint>
#include <cstdlib>

// What the strict scan lets pass has to decode, to the value that another reader finds, and to
// encode to as many bytes: there is one encoding but for the order of keys.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wardline;
    const BytesView bytes{data, size};
    if (!cbor::scan(bytes)) return 0;
    const auto value = cbor::decode(bytes);
    if (!value || cbor::encode(value.value()).size() != size) std::abort();
    if (cbor::Json::from_cbor(data, data + size) != value.value()) std::abort();
    return 0;
}
