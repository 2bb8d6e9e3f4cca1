#include "protocol/message/slots.hpp"

#include "tests/unit/protocol/message/fixture.hpp"
#include "tests/unit/protocol/message/vectors.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::message::testing {
namespace {

class Slots : public ::testing::Test {
protected:
    Thread thread;
    MessageKey key{filled_secret<MessageKey>(30)};
    Hash header{filled<Hash>(31)};
    std::vector<trust::ExpectedSlot> readers{thread.readers()};
    std::vector<Slot> slots{make_slots(key, header, readers).value()};

    bool verify(std::span<const Slot> list) const {
        return are_exactly(list, key, header, readers);
    }
    bool opens(const Slot& slot, const Reader& reader) const {
        const auto opened = open_slot(slot, header, reader.secret);
        return opened && opened.value().equals(key);
    }
};

TEST(SlotVectors, Agree) {
    const auto vector = read_vectors("slots");
    const auto key = MessageKey::from(bytes_in(vector, "key")).value();
    const auto header = fixed_in<Hash>(vector, "header_hash");
    const auto readers = readers_in(vector);
    const auto encoded = bytes_in(vector, "encoded");

    const auto made = make_slots(key, header, readers).value();
    EXPECT_EQ(to_hex(encode_slots(made)), to_hex(encoded));
    const auto parsed = parse_slots(encoded).value();
    EXPECT_TRUE(are_exactly(parsed, key, header, readers));
    for (std::size_t i = 0; i < parsed.size(); ++i) {
        const auto secret = BoxSecret::from(bytes_in(vector.at("readers")[i], "secret")).value();
        EXPECT_TRUE(open_slot(parsed[i], header, secret).value().equals(key));
    }
}

TEST(SlotVectors, AgreeOnAddedSlots) {
    const auto vector = read_vectors("slots");
    const auto encoded = bytes_in(vector, "added");
    const auto slots = parse_slots(bytes_in(vector, "encoded")).value();

    const std::vector<AddedSlot> added{{41, slots[0]}, {std::uint64_t{1} << 40, slots[2]}};

    EXPECT_EQ(to_hex(encode_added_slots(added)), to_hex(encoded));
    EXPECT_EQ(decode_added_slots(encoded).value(), added);
}

TEST(SlotVectors, AreRefusedWhereTheySaySo) {
    const auto vectors = read_vectors("slots");
    for (const auto& vector : vectors.at("refused")) {
        const auto parsed = parse_slots(bytes_in(vector, "encoded"));
        ASSERT_FALSE(parsed) << vector.at("name");
        EXPECT_EQ(parsed.error().code, Code::bad_frame) << vector.at("name");
    }
}

TEST_F(Slots, OpenForTheirReadersAndNobodyElse) {
    const std::vector all{thread.team, thread.device, thread.patient, thread.vault};
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
        for (std::size_t reader = 0; reader < all.size(); ++reader) {
            EXPECT_EQ(opens(slots[slot], all[reader]), slot == reader);
        }
    }
}

TEST_F(Slots, OpenForTheirHeaderAlone) {
    const auto opened = open_slot(slots[0], filled<Hash>(32), thread.team.secret);

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::undecryptable);
}

TEST_F(Slots, AReaderSlotIsNoVaultSlot) {
    auto disguised = slots[0];
    disguised.to = "vault";
    disguised.epoch.reset();
    EXPECT_FALSE(opens(disguised, thread.team));

    auto other = slots[3];
    other.to = "patient";
    other.epoch = filled<Hash>(1);
    EXPECT_FALSE(opens(other, thread.vault));
}

// An epoch's box holds a secret of 32 bytes in the same form, for the same key: only its domain
// differs.
TEST_F(Slots, ABoxOfAnotherDomainIsNoSlot) {
    for (const char* domain : {"wardline/1 epoch box", "wardline/1 previous epoch box"}) {
        auto slot = slots[0];
        slot.box =
            crypto::seal_box(key.reveal(), thread.team.slot.key, {domain, header.bytes()}).value();
        EXPECT_FALSE(opens(slot, thread.team)) << domain;
    }
}

TEST_F(Slots, AreMadeTheSameByEverybodyWhoHasTheKey) {
    EXPECT_EQ(make_slots(key, header, readers).value(), slots);
    EXPECT_TRUE(verify(slots));
    EXPECT_EQ(parse_slots(encode_slots(slots)).value(), slots);
}

TEST_F(Slots, AnyFlippedBitOfABoxIsSeen) {
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
        for (std::size_t byte = 0; byte < crypto::kBoxBytes; ++byte) {
            auto changed = slots;
            auto box = changed[slot].box.array();
            box.at(byte) ^= static_cast<std::uint8_t>(1 << (byte % 8));
            changed[slot].box = crypto::Box{box};
            ASSERT_FALSE(verify(changed)) << slot << ' ' << byte;
        }
    }
}

TEST_F(Slots, AreRefusedInAnotherOrderOrNumberOrForSomebodyElse) {
    auto swapped = slots;
    std::swap(swapped[0], swapped[2]);
    EXPECT_FALSE(verify(swapped));

    auto fewer = slots;
    fewer.pop_back();
    EXPECT_FALSE(verify(fewer));
    EXPECT_FALSE(verify({}));

    auto more = slots;
    more.push_back(slots[0]);
    EXPECT_FALSE(verify(more));

    auto renamed = slots;
    renamed[0].to = "team:back-office";
    EXPECT_FALSE(verify(renamed));

    auto older = slots;
    older[0].epoch = filled<Hash>(99);
    EXPECT_FALSE(verify(older));
}

TEST_F(Slots, WhoeverCannotOpenThemStillSeesWhomTheyName) {
    auto foreign = slots;
    foreign[1].box = slots[0].box;
    EXPECT_TRUE(name_exactly(foreign, readers));
    EXPECT_FALSE(verify(foreign));

    foreign[0].epoch = filled<Hash>(99);
    EXPECT_FALSE(name_exactly(foreign, readers));
}

TEST_F(Slots, AKeyOfLowOrderIsNoReader) {
    readers[0].key = BoxKey{};

    EXPECT_FALSE(make_slots(key, header, readers));
    EXPECT_FALSE(verify(slots));
}

TEST_F(Slots, AreLimitedInNumber) {
    EXPECT_TRUE(parse_slots(encode_slots({})).value().empty());
    const std::vector<Slot> too_many(kSlotsMax + 1, slots[3]);
    EXPECT_EQ(parse_slots(encode_slots(too_many)).error().code, Code::too_large);
}

TEST_F(Slots, AnAddedSlotIsVerifiedByMakingItAgain) {
    const auto newcomer = a_reader("team:new-team", 50, true);
    const auto added = make_slot(key, header, newcomer.slot).value();

    EXPECT_TRUE(opens(added, newcomer));
    EXPECT_EQ(make_slot(key, header, newcomer.slot).value(), added);
    EXPECT_NE(make_slot(key, filled<Hash>(32), newcomer.slot).value(), added);
}

TEST_F(Slots, AddedSlotsAreRefusedWhereMalformed) {
    const auto good = to_json(std::vector<AddedSlot>{{1, slots[0]}});
    ASSERT_TRUE(parse_added_slots(good));
    const auto refused = [](const cbor::Json& array) {
        const auto parsed = parse_added_slots(array);
        EXPECT_FALSE(parsed) << array;
        return parsed.error().code;
    };

    for (const char* key_name : {"seq", "slot"}) {
        auto without = good;
        without[0].erase(key_name);
        EXPECT_EQ(refused(without), Code::bad_frame);
    }
    auto zero = good;
    zero[0]["seq"] = 0;
    EXPECT_EQ(refused(zero), Code::bad_frame);
    auto more = good;
    more[0]["x"] = 1;
    EXPECT_EQ(refused(more), Code::bad_frame);
    auto inner = good;
    inner[0]["slot"]["x"] = 1;
    EXPECT_EQ(refused(inner), Code::bad_frame);
    EXPECT_EQ(refused(good[0]), Code::bad_frame);
    const std::vector<AddedSlot> most(kAddedSlotsMax, AddedSlot{1, slots[0]});
    EXPECT_TRUE(parse_added_slots(to_json(most)));
    const std::vector<AddedSlot> too_many(kAddedSlotsMax + 1, AddedSlot{1, slots[0]});
    EXPECT_EQ(refused(to_json(too_many)), Code::too_large);
}

}  // namespace
}  // namespace wardline::message::testing
