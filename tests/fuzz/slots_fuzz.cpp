// Lists of slots and boxes from a hostile member or server, opened by a reader. A slot that was
// changed does not open; the genuine one always does.
#include "protocol/message/slots.hpp"
#include "protocol/trust/epoch.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/seeded_random.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace wardline;
using fuzz::require;

namespace {

constexpr std::size_t kOpenedMax = 4;
constexpr std::size_t kBoxesMax = 1'026;

struct World {
    World() {
        for (const auto* to : {"team:front", "vault"}) {
            readers.push_back({to, std::nullopt, crypto::box_key_of(reader)});
        }
        readers.front().epoch = crypto::sha256(as_bytes("the epoch"));
        slots = message::make_slots(key, header, readers).value();
    }

    testing::SeededRandom random{"slots fuzz"};
    BoxSecret reader{crypto::random_secret<BoxSecret>(random)};
    MessageKey key{crypto::random_secret<MessageKey>(random)};
    Hash header{crypto::sha256(as_bytes("the header"))};
    std::vector<trust::ExpectedSlot> readers;
    std::vector<message::Slot> slots;
};

// The genuine slots with some bits of their boxes changed.
void changed(const World& world, BytesView flips) {
    auto slots = world.slots;
    auto box = slots.front().box.array();
    for (std::size_t i = 0; i < std::min(flips.size(), box.size()); ++i) box[i] ^= flips[i];
    slots.front().box = crypto::Box{box};
    const bool same = slots == world.slots;
    const auto opened = message::open_slot(slots.front(), world.header, world.reader);
    require(opened.has_value() == same);
    require(message::are_exactly(slots, world.key, world.header, world.readers) == same);
    require(message::name_exactly(slots, world.readers));
    const trust::EpochName name{"team:front", 1, crypto::box_key_of(world.reader)};
    require(!trust::open_epoch_box(slots.front().box, world.reader, name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const World world;
    const BytesView bytes{data, size};
    if (size > 0 && data[0] == 0) {
        changed(world, bytes.subspan(1));
        return 0;
    }
    if (const auto slots = message::parse_slots(bytes)) {
        require(
            message::parse_slots(message::encode_slots(slots.value())).value() == slots.value()
        );
        const auto count = std::min(slots.value().size(), kOpenedMax);
        for (std::size_t i = 0; i < count; ++i) {
            const auto& slot = slots.value()[i];
            if (message::open_slot(slot, world.header, world.reader)) {
                require(slot.box == world.slots[0].box || slot.box == world.slots[1].box);
            }
        }
        require(
            !message::are_exactly(slots.value(), world.key, world.header, world.readers) ||
            slots.value() == world.slots
        );
    }
    const auto item = cbor::decode(bytes);
    if (!item) return 0;
    if (const auto boxes = trust::parse_boxes(item.value(), kBoxesMax)) {
        require(trust::boxes_to_json(boxes.value()) == item.value());
    }
    return 0;
}
