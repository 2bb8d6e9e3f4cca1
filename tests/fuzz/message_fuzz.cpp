// The bytes of a message, as the server and every reader parse them: frame, header, slots and added
// slots. What parses is encoded again without loss.
#include "protocol/base/cbor.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/message/sealed_message.hpp"

#include <cstdint>
#include <cstdlib>

using namespace wardline;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void parse_parts(BytesView bytes) {
    if (const auto header = message::parse_header(bytes)) {
        require(message::parse_header(message::encode(header.value())).value() == header.value());
    }
    if (const auto slots = message::parse_slots(bytes)) {
        require(
            message::parse_slots(message::encode_slots(slots.value())).value() == slots.value()
        );
    }
    if (const auto added = message::decode_added_slots(bytes)) {
        const auto encoded = message::encode_added_slots(added.value());
        require(message::decode_added_slots(encoded).value() == added.value());
    }
    const auto json = cbor::decode(bytes);
    if (!json) return;
    if (const auto live = message::parse_live_slots(json.value())) {
        const auto again = message::parse_live_slots(message::to_json(live.value()));
        require(again.value() == live.value());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes{data, size};
    parse_parts(bytes);
    const auto message = message::decode_message(bytes);
    if (!message) return 0;
    require(message::decode_message(message::encode(message.value())).value() == message.value());
    parse_parts(message.value().header);
    parse_parts(message.value().slots);
    // Nobody signed it.
    require(!message::authenticate(message.value(), SigningKey{}));
    return 0;
}
