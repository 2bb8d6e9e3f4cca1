#include "protocol/message/header.hpp"

#include "tests/unit/protocol/message/fixture.hpp"
#include "tests/unit/protocol/message/vectors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wardline::message::testing {
namespace {

Header header_in(const Vectors& fields) {
    const auto position = [](const Vectors& map) {
        return trust::ChainPosition{number_in(map, "pos"), fixed_in<Hash>(map, "hash")};
    };
    return Header{
        .clinic = fixed_in<ClinicId>(fields, "clinic"),
        .thread = fixed_in<ThreadId>(fields, "thread"),
        .patient = PatientId::parse(fields.at("patient").get<std::string>()).value(),
        .id = fixed_in<MessageId>(fields, "id"),
        .device = fixed_in<DeviceId>(fields, "device"),
        .counter = number_in(fields, "counter"),
        .message_class = trust::parse_class(fields.at("class").get<std::string>()).value(),
        .sent = {number_in(fields, "sent")},
        .commit = fixed_in<Hash>(fields, "commit"),
        .prev = fixed_in<Hash>(fields, "prev"),
        .clinic_head = position(fields.at("clinic_head")),
        .patient_head = position(fields.at("patient_head")),
        .tree = {number_in(fields.at("tree"), "size"), fixed_in<Hash>(fields.at("tree"), "root")},
    };
}

TEST(MessageHeader, AgreesWithTheVectors) {
    const auto vectors = read_vectors("headers");
    for (const auto& vector : vectors.at("accepted")) {
        SCOPED_TRACE(vector.at("name").get<std::string>());
        const auto header = header_in(vector.at("fields"));
        const auto encoded = bytes_in(vector, "encoded");

        EXPECT_EQ(to_hex(encode(header)), to_hex(encoded));
        const auto parsed = parse_header(encoded);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed.value(), header);
        EXPECT_EQ(header_hash(encoded), fixed_in<Hash>(vector, "hash"));
    }
}

TEST(MessageHeader, RefusesWhatTheVectorsRefuse) {
    const auto vectors = read_vectors("headers");
    for (const auto& vector : vectors.at("refused")) {
        const auto parsed = parse_header(bytes_in(vector, "encoded"));
        ASSERT_FALSE(parsed) << vector.at("name");
        EXPECT_EQ(parsed.error().code, Code::bad_frame) << vector.at("name");
    }
}

TEST(MessageHeader, HasAtMost2048Bytes) {
    EXPECT_EQ(parse_header(Bytes(kHeaderBytesMax, 0)).error().code, Code::bad_frame);
    EXPECT_EQ(parse_header(Bytes(kHeaderBytesMax + 1, 0)).error().code, Code::too_large);
}

TEST(MessageHeader, KeepsEveryField) {
    const auto header = a_header();

    EXPECT_EQ(parse_header(encode(header)).value(), header);
}

TEST(MessageIds, AreVersion7AndSortByTime) {
    CountingRandom random{200};
    const auto earlier = make_message_id({0x018bcfe56800}, random);
    const auto later = make_message_id({0x018bcfe56801}, random);

    EXPECT_TRUE(earlier.hex().starts_with("018bcfe56800"));
    for (const auto& id : {earlier, later}) {
        EXPECT_EQ(id.array()[6] >> 4, 7);
        EXPECT_EQ(id.array()[8] >> 6, 2);
    }
    EXPECT_LT(earlier, later);
}

TEST(MessageIds, DifferWithinAMillisecond) {
    std::set<MessageId> ids;
    for (int i = 0; i < 1'000; ++i) ids.insert(make_message_id({1}, crypto::system_random()));

    EXPECT_EQ(ids.size(), 1'000u);
}

}  // namespace
}  // namespace wardline::message::testing
