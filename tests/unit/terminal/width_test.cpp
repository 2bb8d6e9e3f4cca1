#include "clients/terminal/width.hpp"

#include "clients/terminal/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::terminal {
namespace {

TEST(DisplayWidth, CountsColumnsNotBytes) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Müller"), 6U);
    EXPECT_EQ(display_width("日本語"), 6U);
    EXPECT_EQ(display_width("ｆｕｌｌ"), 8U);
    EXPECT_EQ(display_width("שלום"), 4U);
}

TEST(DisplayWidth, CountsAMarkWithItsLetter) {
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("한국"), 4U);
    EXPECT_EQ(display_width("\u1112\u1161\u11AB"), 2U);  // The same syllable in three parts.
}

TEST(DisplayWidth, CountsAnEmojiAsTwoHoweverItIsMade) {
    EXPECT_EQ(display_width("😀"), 2U);
    EXPECT_EQ(display_width("👍🏽"), 2U);
    EXPECT_EQ(display_width("👩\u200D👩\u200D👧"), 2U);
    EXPECT_EQ(display_width("🇩🇪"), 2U);
    EXPECT_EQ(display_width("❤\uFE0F"), 2U);
    EXPECT_EQ(display_width("❤"), 1U);
}

TEST(Fit, CutsBetweenCharactersAndSaysSo) {
    EXPECT_EQ(fit("abcdef", 6), "abcdef");
    EXPECT_EQ(fit("abcdef", 5), "abcd…");
    EXPECT_EQ(fit("日本語", 4), "日…");
    EXPECT_EQ(fit("👩\u200D👩\u200D👧x", 2), "…");
    EXPECT_EQ(fit("abc", 0), "");
}

TEST(Pad, FillsToColumns) {
    EXPECT_EQ(pad_right("日", 4), "日  ");
    EXPECT_EQ(pad_left("12", 4), "  12");
    EXPECT_EQ(pad_right("long", 2), "long");
}

TEST(Wrap, BreaksBetweenWords) {
    EXPECT_EQ(
        wrap("one two three four", 9), (std::vector<std::string>{"one two", "three", "four"})
    );
    EXPECT_EQ(wrap("exactly 9", 9), (std::vector<std::string>{"exactly 9"}));
}

TEST(Wrap, BreaksAWordThatIsTooLong) {
    EXPECT_EQ(wrap("aaaaaaaaaabb c", 10), (std::vector<std::string>{"aaaaaaaaaa", "bb c"}));
    EXPECT_EQ(wrap("日本語日本語", 8), (std::vector<std::string>{"日本語日", "本語"}));
}

TEST(Wrap, KeepsLineEndsAndEmptyLines) {
    EXPECT_EQ(wrap("a\n\nb", 20), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(wrap("", 20), (std::vector<std::string>{""}));
}

RC_GTEST_PROP(WrapProperty, NoLineIsWiderThanAskedAndNothingButSpacesIsLost, (std::string raw)) {
    const auto text = visible(raw, Lines::keep);

    std::string joined;
    for (const auto& line : wrap(text, 20)) {
        RC_ASSERT(display_width(line) <= 20U);
        joined += line;
    }
    const auto without_space = [](std::string value) {
        std::erase(value, ' ');
        std::erase(value, '\n');
        return value;
    };
    RC_ASSERT(without_space(joined) == without_space(text));
}

TEST(TableLayout, AlignsByColumnsAndPadsNoLastCell) {
    Table table{{"Who", "What"}};
    table.add({"日本", "x"});
    table.add({"a\u202Eb", "two\nlines"});

    EXPECT_EQ(table.rendered(false), "Who         What\n日本        x\na<U+202E>b  two↵lines\n");
}

TEST(TextRendering, ColoursOnlyWhereAllowedAndNeverPassesOnAnEscape) {
    Text text{"a\x1b[31m", Style::bold};
    text.add("b");

    EXPECT_EQ(text.rendered(false, Lines::keep), "a<U+001B>[31mb");
    EXPECT_EQ(text.rendered(true, Lines::keep), "\x1b[1ma<U+001B>[31m\x1b[0mb");
}

}  // namespace
}  // namespace wardline::terminal
