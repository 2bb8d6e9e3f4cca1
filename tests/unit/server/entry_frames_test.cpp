#include "server/entry_frames.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/message/live_slots.hpp"
#include "server/details.hpp"
#include "server/entries_answer.hpp"
#include "server/message_payload.hpp"
#include "server/visible.hpp"

#include <gtest/gtest.h>

namespace wardline::server {
namespace {

using cbor::Json;

const DeviceId kMine{{1}};
const DeviceId kOther{{2}};

Bytes a_message_item() {
    return cbor::encode({{"ciphertext", cbor::binary(Bytes(300, 7))}});
}

storage::StoredEntry a_message_entry(std::size_t live_bytes = 70) {
    const std::vector<message::LiveSlot> live{
        {kOther, message::LiveKind::first, Bytes(400, 2)},
        {kMine, message::LiveKind::message, Bytes(live_bytes, 1)}
    };
    storage::StoredEntry entry;
    entry.seq = 70'000;
    entry.time = Instant{1'700'000'000'000};
    entry.kind = audit::EntryKind::message;
    entry.details = Details{.actor = "p:P-1"}.encode();
    entry.thread = ThreadId{};
    entry.message_class = trust::MessageClass::clinical;
    entry.payloads.push_back({1, pack_message_payload(a_message_item(), live)});
    return entry;
}

Json decoded(const Bytes& bytes) {
    auto value = cbor::decode(bytes);
    EXPECT_TRUE(value) << value.error().detail;
    return std::move(value).value();
}

TEST(MessagePayload, FindsTheSlotOfADevice) {
    for (const std::size_t size : {1U, 23U, 24U, 255U, 256U, 512U}) {
        const auto entry = a_message_entry(size);
        const auto payload = MessagePayload::of(entry.payloads[0].bytes);
        ASSERT_TRUE(payload);
        EXPECT_TRUE(payload->live_of(kMine)) << size;
        EXPECT_TRUE(payload->live_of(kOther)) << size;
        EXPECT_FALSE(payload->live_of(DeviceId{{3}})) << size;
    }
}

TEST(MessagePayload, SurvivesBytesThatAreNone) {
    const auto whole = a_message_entry().payloads[0].bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto payload = MessagePayload::of(BytesView{whole}.first(size));
        if (payload) EXPECT_FALSE(payload->live_of(DeviceId{{3}}));
    }
}

TEST(EntryFrames, APayloadComesWithTheDevicesOwnSlot) {
    const auto frame = decoded(entry_push(a_message_entry(), EntryView::payload, kMine));

    EXPECT_EQ(frame["t"], "entry");
    const auto& entry = frame["entry"];
    EXPECT_EQ(entry["seq"], 70'000);
    EXPECT_EQ(entry["kind"], 2);
    EXPECT_EQ(cbor::encode(entry["message"]), a_message_item());
    EXPECT_EQ(entry["live"][0], 1);
    EXPECT_EQ(Bytes{entry["live"][1].get_binary()}, Bytes(70, 1));
    EXPECT_EQ(decoded(entry["details"].get_binary())["actor"], "p:P-1");
}

TEST(EntryFrames, ANoticeHasMetadataOnly) {
    const auto entry = decoded(encode_entry(a_message_entry(), EntryView::notice, kMine));

    EXPECT_FALSE(entry.contains("message"));
    EXPECT_FALSE(entry.contains("live"));
    EXPECT_TRUE(entry.contains("salt"));
}

TEST(EntryFrames, WhatHasExpiredSaysSo) {
    auto stored = a_message_entry();
    stored.payloads.clear();
    stored.expired = true;

    const auto entry = decoded(encode_entry(stored, EntryView::payload, kMine));

    EXPECT_TRUE(entry["expired"].get<bool>());
    EXPECT_FALSE(entry.contains("message"));
}

TEST(EntryFrames, AddedSlotsOfSeveralUnitsAreOneList) {
    storage::StoredEntry stored;
    stored.kind = audit::EntryKind::added_slots;
    stored.payloads.push_back({1, cbor::encode(Json::array({1, 2}))});
    stored.payloads.push_back({2, cbor::encode(Json::array({3}))});

    const auto entry = decoded(encode_entry(stored, EntryView::payload, kMine));

    EXPECT_EQ(entry["added"], Json::array({1, 2, 3}));
}

TEST(EntriesAnswer, HoldsWhatFitsAndKeepsTheOrder) {
    EntriesAnswer answer;
    auto entry = a_message_entry();
    entry.payloads[0].bytes = pack_message_payload(cbor::encode(cbor::binary(Bytes(50'000))), {});
    entry.seq = 2;
    EXPECT_TRUE(answer.add(entry, EntryView::payload, kMine));
    entry.seq = 1;
    EXPECT_TRUE(answer.add(entry, EntryView::payload, kMine));
    EXPECT_FALSE(answer.add(entry, EntryView::payload, kMine));

    const auto frame = decoded(answer.frame("history", 7, {{"more", true}}, true));

    EXPECT_EQ(frame["t"], "history");
    EXPECT_EQ(frame["id"], 7);
    EXPECT_TRUE(frame["more"].get<bool>());
    EXPECT_EQ(frame["entries"][0]["seq"], 1);
    EXPECT_EQ(frame["entries"][1]["seq"], 2);
}

TEST(Details, AreAMapInTheProfileOfWhatApplies) {
    Details details;
    details.actor = "s:nora";
    details.code = Code::forbidden;
    details.device = kMine;
    details.from = 1;
    details.to = 100'000;
    details.units = {4, 5};

    const auto map = decoded(details.encode());

    EXPECT_EQ(map.size(), 6U);
    EXPECT_EQ(map["code"], "forbidden");
    EXPECT_EQ(map["units"], Json::array({4, 5}));
    EXPECT_EQ(details.encode(), cbor::encode(map));
}

TEST(Visible, InDoubtAnEntryIsInternal) {
    auto entry = a_message_entry();
    EXPECT_FALSE(is_internal(entry));
    entry.message_class = trust::MessageClass::internal;
    EXPECT_TRUE(is_internal(entry));
    entry.message_class.reset();
    EXPECT_TRUE(is_internal(entry));
    entry.kind = audit::EntryKind::added_slots;
    EXPECT_TRUE(is_internal(entry));
    entry.details = Details{.audience = "all"}.encode();
    EXPECT_FALSE(is_internal(entry));
    entry.details = Details{.audience = "internal"}.encode();
    EXPECT_TRUE(is_internal(entry));
}

}  // namespace
}  // namespace wardline::server
