#include "protocol/message/live_slots.hpp"

#include "tests/unit/protocol/message/fixture.hpp"
#include "tests/unit/protocol/message/vectors.hpp"

#include <gtest/gtest.h>

namespace wardline::message::testing {
namespace {

using cbor::Json;

class LiveSlots : public ::testing::Test {
protected:
    static std::vector<LiveSlot> some(std::size_t count) {
        std::vector<LiveSlot> slots;
        for (std::size_t i = 0; i < count; ++i) {
            const auto device = filled<DeviceId>(static_cast<std::uint8_t>(i));
            slots.push_back({device, i % 2 ? LiveKind::first : LiveKind::message, Bytes(i + 1, 9)});
        }
        return slots;
    }
    static Code refused(const Json& array) {
        const auto parsed = parse_live_slots(array);
        EXPECT_FALSE(parsed) << array;
        return parsed.error().code;
    }

    MessageKey key{filled_secret<MessageKey>(30)};
    Hash header{filled<Hash>(31)};
};

TEST_F(LiveSlots, AreKept) {
    const auto slots = some(kLiveSlotsMax);

    EXPECT_EQ(parse_live_slots(to_json(slots)).value(), slots);
    EXPECT_EQ(parse_live_slots(cbor::decode(cbor::encode(to_json(slots))).value()).value(), slots);
    EXPECT_TRUE(parse_live_slots(Json::array()).value().empty());
    for (const auto& slot : slots) {
        EXPECT_EQ(parse_live_pair(live_pair(slot), slot.device).value(), slot);
    }
}

TEST_F(LiveSlots, AreLimitedInNumberAndSize) {
    EXPECT_EQ(refused(to_json(some(kLiveSlotsMax + 1))), Code::too_large);
    auto slots = some(1);
    slots[0].bytes.resize(kLiveSlotBytesMax);
    EXPECT_TRUE(parse_live_slots(to_json(slots)));
    slots[0].bytes.resize(kLiveSlotBytesMax + 1);
    EXPECT_EQ(refused(to_json(slots)), Code::bad_frame);
    slots[0].bytes.clear();
    EXPECT_EQ(refused(to_json(slots)), Code::bad_frame);
}

TEST_F(LiveSlots, AreRefusedWhereMalformed) {
    const auto device = cbor::binary(Bytes(16, 1));
    const auto bytes = cbor::binary(Bytes(3, 1));
    ASSERT_TRUE(parse_live_slots(Json::array({Json::array({device, 1, bytes})})));
    for (const auto& item : {
             Json::object(),
             Json::array(),
             Json::array({device, 1}),
             Json::array({device, 1, bytes, 1}),
             Json::array({cbor::binary(Bytes(15)), 1, bytes}),
             Json::array({cbor::binary(Bytes(17)), 1, bytes}),
             Json::array({"phone", 1, bytes}),
             Json::array({device, 0, bytes}),
             Json::array({device, 3, bytes}),
             Json::array({device, -1, bytes}),
             Json::array({device, 1.0, bytes}),
             Json::array({device, "1", bytes}),
             Json::array({device, true, bytes}),
             Json::array({device, 1, "abc"}),
         }) {
        EXPECT_EQ(refused(Json::array({item})), Code::bad_frame);
    }
    EXPECT_EQ(refused(Json::object()), Code::bad_frame);
    EXPECT_EQ(refused(nullptr), Code::bad_frame);
    EXPECT_FALSE(parse_live_pair(Json::array({1, bytes, 1}), DeviceId{}));
    EXPECT_FALSE(parse_live_pair(Json::array({4, bytes}), DeviceId{}));
}

TEST_F(LiveSlots, NameADeviceOnce) {
    auto slots = some(3);
    slots[2].device = slots[0].device;

    EXPECT_EQ(refused(to_json(slots)), Code::bad_frame);
}

TEST_F(LiveSlots, CarryTheKeyAndTheirHeader) {
    const auto plaintext = live_plaintext(key, header);

    EXPECT_EQ(plaintext.size(), kLivePlaintextBytes);
    EXPECT_TRUE(open_live_plaintext(plaintext.reveal(), header).value().equals(key));
}

TEST_F(LiveSlots, AgreeWithTheVector) {
    const auto vector = read_vectors("slots");
    const auto vector_key = MessageKey::from(bytes_in(vector, "key")).value();

    const auto plaintext = live_plaintext(vector_key, fixed_in<Hash>(vector, "header_hash"));

    EXPECT_EQ(to_hex(plaintext.reveal()), vector.at("live_plaintext").get<std::string>());
}

TEST_F(LiveSlots, OfAnotherHeaderAreRefused) {
    const auto plaintext = live_plaintext(key, header);

    const auto opened = open_live_plaintext(plaintext.reveal(), filled<Hash>(32));

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::undecryptable);
}

TEST_F(LiveSlots, OfAnotherLengthAreRefused) {
    const auto plaintext = live_plaintext(key, header);
    const Bytes longer = concat({plaintext.reveal(), Bytes(1)});

    EXPECT_FALSE(open_live_plaintext(plaintext.reveal().first(49), header));
    EXPECT_FALSE(open_live_plaintext(longer, header));
    EXPECT_FALSE(open_live_plaintext({}, header));
}

}  // namespace
}  // namespace wardline::message::testing
