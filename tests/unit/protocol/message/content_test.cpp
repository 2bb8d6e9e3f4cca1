#include "protocol/message/content.hpp"

#include "protocol/base/cbor.hpp"
#include "tests/unit/protocol/message/fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::message::testing {
namespace {

using cbor::Json;

Code refused(const Json& content) {
    const auto parsed = parse_content(cbor::encode(content));
    EXPECT_FALSE(parsed) << content;
    return parsed.error().code;
}

TEST(MessageContent, KeepsATextAndACorrection) {
    const Content text = Text{"Größe 測定 🩺\n"};
    const Content correction = Correction{"other", filled<MessageId>(3)};

    EXPECT_EQ(parse_content(encode(text).value()).value(), text);
    EXPECT_EQ(parse_content(encode(correction).value()).value(), correction);
}

TEST(MessageContent, ATextHasAtMost65536Bytes) {
    const Content largest = Text{std::string(kTextBytesMax, 'x')};
    const Content larger = Text{std::string(kTextBytesMax + 1, 'x')};

    EXPECT_EQ(parse_content(encode(largest).value()).value(), largest);
    EXPECT_EQ(encode(larger).error().code, Code::too_large);
    EXPECT_EQ(
        encode(Content{Correction{std::string(kTextBytesMax + 1, 'x'), {}}}).error().code,
        Code::too_large
    );
    const Json foreign{{"v", 1}, {"type", "text"}, {"text", std::string(kTextBytesMax + 1, 'x')}};
    EXPECT_EQ(refused(foreign), Code::too_large);
    EXPECT_EQ(parse_content(Bytes(kContentBytesMax + 1)).error().code, Code::too_large);
}

TEST(MessageContent, ATextIsUtf8) {
    EXPECT_EQ(encode(Content{Text{"\xff"}}).error().code, Code::usage);
    EXPECT_EQ(encode(Content{Text{"\xed\xa0\x80"}}).error().code, Code::usage);
    EXPECT_EQ(encode(Content{Correction{"\xc0\x80", {}}}).error().code, Code::usage);
    // A text of one byte stands as 61 and that byte.
    auto foreign = encode(Content{Text{"\x7f"}}).value();
    const auto at = std::ranges::find(foreign, 0x7f);
    ASSERT_NE(at, foreign.end());
    *at = 0xff;
    EXPECT_EQ(parse_content(foreign).error().code, Code::bad_frame);
}

TEST(MessageContent, ANewerKindOrVersionIsUnknownAndNoError) {
    const Json poll{{"v", 1}, {"type", "poll"}, {"options", {"a", "b"}}};
    const Json newer{{"v", 2}, {"type", "text"}, {"paragraphs", {"a"}}};

    EXPECT_EQ(parse_content(cbor::encode(poll)).value(), Content{UnknownContent{"poll"}});
    EXPECT_EQ(parse_content(cbor::encode(newer)).value(), Content{UnknownContent{"text"}});
    EXPECT_EQ(encode(Content{UnknownContent{"poll"}}).error().code, Code::unknown_type);
}

TEST(MessageContent, RefusesWhatIsMalformed) {
    EXPECT_EQ(refused(Json::array()), Code::bad_frame);
    EXPECT_EQ(refused(Json::object()), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"text", "x"}}), Code::bad_frame);
    EXPECT_EQ(refused({{"type", "text"}, {"text", "x"}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", "text"}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", "1"}, {"type", "text"}, {"text", "x"}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", 5}, {"text", "x"}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", "text"}, {"text", 5}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", "text"}, {"text", "x"}, {"y", 1}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", std::string(65, 'x')}}), Code::bad_frame);
    EXPECT_EQ(refused({{"v", 1}, {"type", "correction"}, {"text", "x"}}), Code::bad_frame);
    const auto short_id = cbor::binary(Bytes(15));
    EXPECT_EQ(
        refused({{"v", 1}, {"type", "correction"}, {"text", "x"}, {"of", short_id}}),
        Code::bad_frame
    );
    const auto id = cbor::binary(Bytes(16));
    EXPECT_EQ(refused({{"v", 1}, {"type", "text"}, {"text", "x"}, {"of", id}}), Code::bad_frame);
    EXPECT_EQ(parse_content({}).error().code, Code::bad_frame);
}

}  // namespace
}  // namespace wardline::message::testing
