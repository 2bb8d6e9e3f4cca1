#include "audit/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::audit {
namespace {

std::string time_text(std::uint64_t ms) {
    std::string out;
    append_time(out, Instant{ms});
    return out;
}
std::string json_text(std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
}

TEST(AuditText, WritesTimes) {
    EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(time_text(1'795'300'453'007), "2026-11-21T22:34:13.007Z");
    EXPECT_EQ(time_text(951'827'696'789), "2000-02-29T12:34:56.789Z");
    EXPECT_EQ(time_text(kLastWritableTime.ms), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(time_text(~std::uint64_t{0}), "9999-12-31T23:59:59.999Z");
}

RC_GTEST_PROP(AuditText, ReadsTheTimesThatItWrites, ()) {
    const auto ms = *rc::gen::inRange<std::uint64_t>(0, kLastWritableTime.ms + 1);

    RC_ASSERT(parse_time(time_text(ms)) == Instant{ms});
}

TEST(AuditText, ReadsTimesInTheirOneFormOnly) {
    EXPECT_TRUE(parse_time("2026-11-21T22:34:13.007Z"));
    for (const auto* text :
         {"",
          "2026-11-21T22:34:13Z",
          "2026-11-21T22:34:13.0070Z",
          "2026-11-21t22:34:13.007Z",
          "2026-11-21 22:34:13.007Z",
          "2026-11-21T22:34:13.007z",
          "2026-11-21T24:00:00.000Z",
          "2026-11-21T22:60:13.007Z",
          "2026-11-21T22:34:60.007Z",
          "2026-02-29T22:34:13.007Z",
          "2026-13-01T22:34:13.007Z",
          "2026-00-01T22:34:13.007Z",
          "1969-12-31T23:59:59.999Z",
          "2026-11-21T22:34:13.+07Z",
          "2026-11-21T22:34:-3.007Z"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(AuditText, WritesTextsAsJson) {
    EXPECT_EQ(json_text("s:maria"), R"("s:maria")");
    EXPECT_EQ(json_text("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json_text(std::string_view{"\0\n\x1f\x7f", 4}), R"("\u0000\u000a\u001f\u007f")");
    EXPECT_EQ(json_text("é"), "\"é\"");
}

TEST(AuditText, ShowsControlCharactersAsWhatTheyAreNot) {
    EXPECT_EQ(visible("s:maria \xc3\xa9"), "s:maria \xc3\xa9");
    EXPECT_EQ(
        visible("a\nb\x7f"),
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd"
    );
}

TEST(AuditText, ReadsLowerCaseDigitsOnly) {
    using Two = FixedBytes<struct TwoTag, 2>;
    EXPECT_EQ(parse_lower_hex<Two>("0aff")->view()[1], 0xff);
    for (const auto* text : {"", "0af", "0aff0", "0aFF", "0ag0", "0a f", "0x0a"}) {
        EXPECT_FALSE(parse_lower_hex<Two>(text)) << text;
    }
}

}  // namespace
}  // namespace wardline::audit
