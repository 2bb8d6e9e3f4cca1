#include "protocol/base/cbor.hpp"

#include "protocol/base/cbor_writer.hpp"
#include "protocol/base/encoding.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::testing {
namespace {

using cbor::Json;

std::string scanned(std::string_view hex) {
    return outcome_of(cbor::scan(from_hex(hex).value()));
}

std::string scanned(const Bytes& bytes) {
    return outcome_of(cbor::scan(bytes));
}

Bytes repeat(std::uint8_t byte, std::size_t times, std::string_view then_hex) {
    return concat({Bytes(times, byte), from_hex(then_hex).value()});
}

TEST(CborScan, AcceptsEveryKindOfTheProfile) {
    for (const char* good :
         {"00",
          "17",
          "1818",
          "18ff",
          "190100",
          "19ffff",
          "1a00010000",
          "1affffffff",
          "1b0000000100000000",
          "1bffffffffffffffff",
          "20",
          "3818",
          "3b7fffffffffffffff",
          "40",
          "4401020304",
          "60",
          "6161",
          "62c3bc",
          "64f09f9980",
          "80",
          "820102",
          "a0",
          "a1616100",
          "f4",
          "f5",
          "f6"}) {
        EXPECT_EQ(scanned(good), "ok") << good;
        EXPECT_EQ(outcome_of(cbor::decode(from_hex(good).value())), "ok") << good;
    }
}

TEST(CborScan, RefusesNumbersThatAreNotInTheirShortestForm) {
    for (const char* bad :
         {"1800",
          "1817",
          "190000",
          "1900ff",
          "1a00000000",
          "1a0000ffff",
          "1b0000000000000000",
          "1b00000000ffffffff",
          "3800",
          "5800",
          "590001",
          "7800",
          "9800",
          "b800"}) {
        EXPECT_EQ(scanned(bad), "bad_frame") << bad;
    }
}

TEST(CborScan, RefusesNegativeNumbersThatDoNotFit) {
    EXPECT_EQ(scanned("3b8000000000000000"), "bad_frame");
    EXPECT_EQ(scanned("3bffffffffffffffff"), "bad_frame");
}

TEST(CborScan, RefusesIndefiniteLengthsAndReservedForms) {
    for (const char* bad :
         {"1c",
          "1d",
          "1e",
          "1f",
          "5f4100ff",
          "7f6161ff",
          "9f00ff",
          "bf616100ff",
          "ff",
          "5c",
          "7d",
          "9e",
          "bc"}) {
        EXPECT_EQ(scanned(bad), "bad_frame") << bad;
    }
}

TEST(CborScan, RefusesTagsFloatsAndOtherSimpleValues) {
    for (const char* bad :
         {"c000",
          "c11a00000000",
          "d818410000",
          "f90000",
          "fa00000000",
          "fb0000000000000000",
          "e0",
          "f3",
          "f7",
          "f8ff",
          "f818"}) {
        EXPECT_EQ(scanned(bad), "bad_frame") << bad;
    }
}

TEST(CborScan, RefusesTextThatIsNotUtf8) {
    for (const char* bad :
         {"6180",
          "61ff",
          "62c080",
          "62c1bf",
          "63e08080",
          "63eda080",
          "63edbfbf",
          "64f0808080",
          "64f4908080",
          "64f5808080",
          "61c3",
          "62c328",
          "63e28228",
          "64f0288cbc"}) {
        EXPECT_EQ(scanned(bad), "bad_frame") << bad;
    }
    for (const char* good :
         {"62c280", "63e0a080", "63ed9fbf", "63ee8080", "64f0908080", "64f48fbfbf"}) {
        EXPECT_EQ(scanned(good), "ok") << good;
    }
}

TEST(CborScan, RefusesMapKeysThatAreNotText) {
    EXPECT_EQ(scanned("a10000"), "bad_frame");
    EXPECT_EQ(scanned("a1410000"), "bad_frame");
    EXPECT_EQ(scanned("a1a000"), "bad_frame");
    EXPECT_EQ(scanned("a1f600"), "bad_frame");
}

TEST(CborScan, RefusesAKeyThatStandsTwiceWhereverItStands) {
    EXPECT_EQ(scanned("a2616100616101"), "bad_frame");
    EXPECT_EQ(scanned("a3616100616200616100"), "bad_frame");
    EXPECT_EQ(scanned("a3616200616100616200"), "bad_frame");
    EXPECT_EQ(scanned("81a2616100616101"), "bad_frame");
    EXPECT_EQ(scanned("a2616200616100"), "ok");
    EXPECT_EQ(scanned("a26161a1616100616200"), "ok");
}

TEST(CborScan, RefusesWhatIsCutShortAtEveryByte) {
    const auto whole =
        cbor::encode({{"a", {1, 2, 300}}, {"b", "text"}, {"c", cbor::binary(Bytes(40, 7))}});
    ASSERT_EQ(scanned(whole), "ok");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(outcome_of(cbor::scan(BytesView{whole}.first(size))), "bad_frame") << size;
    }
}

TEST(CborScan, RefusesLengthsThatPromiseMoreThanThereIs) {
    for (const char* bad :
         {"5affffffff",
          "5bffffffffffffffff",
          "7bffffffffffffffff",
          "9affffffff",
          "9bffffffffffffffff",
          "baffffffff",
          "bbffffffffffffffff",
          "9a00010001"}) {
        EXPECT_EQ(scanned(bad), "bad_frame") << bad;
    }
}

TEST(CborScan, RefusesBytesBehindTheItem) {
    EXPECT_EQ(scanned("0000"), "bad_frame");
    EXPECT_EQ(scanned("a000"), "bad_frame");
    EXPECT_EQ(scanned(""), "bad_frame");
}

TEST(CborScan, NestsSixteenDeepAndNoDeeper) {
    EXPECT_EQ(scanned(repeat(0x81, 16, "00")), "ok");
    EXPECT_EQ(scanned(repeat(0x81, 17, "00")), "bad_frame");
    EXPECT_EQ(scanned(repeat(0x81, 15, "a1616100")), "ok");
    EXPECT_EQ(scanned(repeat(0x81, 16, "a1616100")), "bad_frame");
    EXPECT_EQ(scanned(repeat(0x81, 100'000, "00")), "bad_frame");
}

TEST(CborScan, CountsKeysAndItems) {
    Json keys = Json::object();
    for (int i = 0; i < 64; ++i) keys["k" + std::to_string(i)] = i;
    EXPECT_EQ(scanned(cbor::encode(keys)), "ok");
    keys["one more"] = 0;
    EXPECT_EQ(scanned(cbor::encode(keys)), "bad_frame");

    const auto full = concat({from_hex("9a00010000").value(), Bytes(65'536, 0)});
    const auto over = concat({from_hex("9a00010001").value(), Bytes(65'537, 0)});
    EXPECT_EQ(scanned(full), "ok");
    EXPECT_EQ(scanned(over), "bad_frame");
}

TEST(CborScan, RefusesMoreBytesThanAllowedBeforeItLooks) {
    EXPECT_EQ(outcome_of(cbor::scan(Bytes(cbor::kItemBytesMax, 0xff))), "bad_frame");
    EXPECT_EQ(outcome_of(cbor::scan(Bytes(cbor::kItemBytesMax + 1, 0xff))), "too_large");
    EXPECT_EQ(outcome_of(cbor::scan(from_hex("820102").value(), 2)), "too_large");
    EXPECT_EQ(outcome_of(cbor::scan(from_hex("820102").value(), 3)), "ok");
}

TEST(CborDecode, FindsTheValuesThatAnotherReaderFinds) {
    for (const auto* hex :
         {"00",
          "17",
          "1818",
          "190100",
          "1a00010000",
          "1bffffffffffffffff",
          "20",
          "3903e7",
          "3b7fffffffffffffff",
          "40",
          "43010203",
          "60",
          "63e282ac",
          "80",
          "83010203",
          "a0",
          "a2616200616141ff",
          "a16161a1616282f4f5",
          "f4",
          "f5",
          "f6"}) {
        const auto bytes = from_hex(hex).value();

        EXPECT_EQ(cbor::decode(bytes).value(), Json::from_cbor(bytes)) << hex;
    }
}

TEST(CborEncode, SortsKeysAndWritesShortestForms) {
    const Json value = {{"b", 1}, {"a", 24}, {"aa", -1}};

    EXPECT_EQ(to_hex(cbor::encode(value)), "a36161181862616120616201");
}

TEST(CborWriter, WritesWhatTheEncoderWrites) {
    const Json value = {
        {"a", cbor::binary(Bytes{1, 2, 3})},
        {"b", {0, 23, 24, 255, 256, 65'535, 65'536, 4'294'967'295U, 4'294'967'296U}},
        {"c", "text"},
        {"d", true},
        {"e", false},
        {"f", {{"inner", 1}}}
    };
    cbor::Writer writer;
    writer.map(6).text("a").bytes(Bytes{1, 2, 3});
    writer.text("b").array(9);
    for (const auto& number : value["b"]) writer.uint(number.get<std::uint64_t>());
    writer.text("c").text("text").text("d").boolean(true).text("e").boolean(false);
    writer.text("f").item(cbor::encode({{"inner", 1}}));

    EXPECT_EQ(std::move(writer).take(), cbor::encode(value));
}

class MapReaderTest : public ::testing::Test {
protected:
    Json map_ = {
        {"number", 7},
        {"negative", -1},
        {"text", "four"},
        {"bytes", cbor::binary(Bytes(16, 1))},
        {"flag", true},
        {"list", {1, 2, 3}},
        {"map", Json::object()}
    };
    cbor::MapReader reader_ = cbor::MapReader::over(map_).value();
};

TEST_F(MapReaderTest, ReadsEachKind) {
    EXPECT_EQ(reader_.uint("number").value(), 7U);
    EXPECT_EQ(reader_.text("text", 4).value(), "four");
    EXPECT_EQ(reader_.bytes("bytes", 16).value(), Bytes(16, 1));
    EXPECT_EQ(reader_.fixed<DeviceId>("bytes").value().hex(), "01010101010101010101010101010101");
    EXPECT_TRUE(reader_.boolean("flag").value());
    EXPECT_EQ(reader_.array("list", 3).value()->size(), 3U);
    EXPECT_TRUE(reader_.map("map").value()->empty());
    EXPECT_TRUE(reader_.has("map"));
    EXPECT_FALSE(reader_.has("nothing"));
}

TEST_F(MapReaderTest, RefusesWhatIsMissingOfAnotherKindOrTooLarge) {
    EXPECT_EQ(outcome_of(reader_.uint("nothing")), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.uint("negative")), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.uint("text")), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.uint("number", 6)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.text("bytes", 100)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.text("text", 3)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.bytes("text", 100)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.bytes("bytes", 15)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.fixed<Hash>("bytes")), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.boolean("number")), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.array("map", 3)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.array("list", 2)), "bad_frame");
    EXPECT_EQ(outcome_of(reader_.map("list")), "bad_frame");
    EXPECT_EQ(outcome_of(cbor::MapReader::over(map_["list"])), "bad_frame");
}

TEST_F(MapReaderTest, FinishesOnlyWhenEveryKeyWasAskedFor) {
    for (const char* key : {"number", "negative", "text", "bytes", "flag", "list"}) {
        static_cast<void>(reader_.uint(key));
    }
    EXPECT_EQ(outcome_of(reader_.finish()), "bad_statement");
    // A key asked for twice does not make up for one that nobody asked for.
    static_cast<void>(reader_.uint("number"));
    EXPECT_EQ(outcome_of(reader_.finish()), "bad_statement");
    static_cast<void>(reader_.map("map"));
    EXPECT_EQ(outcome_of(reader_.finish()), "ok");
}

// ---- Properties ----

rc::Gen<Json> any_value(int depth);

rc::Gen<Json> any_leaf() {
    return rc::gen::oneOf(
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](auto n) { return Json(n); }),
        rc::gen::map(rc::gen::negative<std::int64_t>(), [](auto n) { return Json(n); }),
        rc::gen::map(rc::gen::arbitrary<bool>(), [](auto flag) { return Json(flag); }),
        rc::gen::map(
            rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')),
            [](const auto& text) { return Json(text); }
        ),
        rc::gen::map(
            rc::gen::arbitrary<Bytes>(), [](const auto& raw) { return cbor::binary(raw); }
        ),
        rc::gen::just(Json(nullptr))
    );
}

rc::Gen<Json> any_value(int depth) {
    if (depth == 0) return any_leaf();
    return rc::gen::oneOf(
        any_leaf(),
        rc::gen::map(
            rc::gen::resize(4, rc::gen::container<std::vector<Json>>(any_value(depth - 1))),
            [](const auto& items) { return Json(items); }
        ),
        rc::gen::map(
            rc::gen::resize(
                4,
                rc::gen::container<std::map<std::string, Json>>(
                    rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')),
                    any_value(depth - 1)
                )
            ),
            [](const auto& items) { return Json(items); }
        )
    );
}

RC_GTEST_PROP(CborProperty, WhatIsEncodedDecodesToItself, ()) {
    const auto value = *any_value(3);

    const auto encoded = cbor::encode(value);

    RC_ASSERT(cbor::decode(encoded).value() == value);
    RC_ASSERT(cbor::encode(cbor::decode(encoded).value()) == encoded);
}

RC_GTEST_PROP(
    CborProperty, WhatIsAcceptedHasOneEncodingButForTheOrderOfKeys, (const Bytes& bytes)
) {
    const auto value = cbor::decode(bytes);
    if (!value) return;

    RC_ASSERT(cbor::encode(value.value()).size() == bytes.size());
}

}  // namespace
}  // namespace wardline::testing
