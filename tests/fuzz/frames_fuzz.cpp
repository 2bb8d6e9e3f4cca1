// Frames of the WebSocket and the entries in them, as server and client parse them before anybody
// knows who wrote them. What parses is encoded again without loss.
#include "protocol/wire/entry.hpp"
#include "protocol/wire/frames.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>

using namespace wardline;
using fuzz::require;

namespace {

constexpr std::size_t kEntriesMax = 500;

void parse_entry(const cbor::Json& item) {
    const auto entry = wire::parse_entry(item);
    if (!entry) return;
    const auto again = cbor::decode(wire::encode(entry.value()));
    require(wire::parse_entry(again.value()).value() == entry.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = wire::parse_frame(BytesView{data, size});
    if (!frame) {
        require(frame.error().code == Code::bad_frame || frame.error().code == Code::too_large);
        return 0;
    }
    const auto& [type, id, body] = frame.value();
    require(type.size() <= wire::kTypeBytesMax);
    const auto encoded = id ? wire::make_request(type, *id, body) : wire::make_push(type, body);
    const auto again = wire::parse_frame(encoded);
    require(again.value().type == type && again.value().id == id && again.value().body == body);
    (void)wire::parse_error(body);
    parse_entry(body);
    if (body.contains("entry")) parse_entry(body["entry"]);
    if (body.contains("entries")) (void)wire::parse_entries(body["entries"], kEntriesMax);
    return 0;
}
