#include "clients/terminal/visible.hpp"

#include "clients/terminal/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace wardline::terminal {
namespace {

struct Case {
    const char* what;
    std::string raw;
    std::string shown;
};

class Visible : public testing::TestWithParam<Case> {};

TEST_P(Visible, ShowsASignForIt) {
    EXPECT_EQ(visible(GetParam().raw, Lines::keep), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    HostileText,
    Visible,
    testing::Values(
        Case{"clears the screen", "a\x1b[2Jb", "a<U+001B>[2Jb"},
        Case{"sets the window's title", "\x1b]0;x\x07", "<U+001B>]0;x<U+0007>"},
        Case{"a NUL byte", std::string{"a\0b", 3}, "a<U+0000>b"},
        Case{"overwrites the line", "paid\rdue", "paid<U+000D>due"},
        Case{"goes back", "ab\b\b", "ab<U+0008><U+0008>"},
        Case{"deletes", "a\x7f", "a<U+007F>"},
        Case{
            "a C1 control sequence introducer",
            "\xc2\x9b"
            "2J",
            "<U+009B>2J"
        },
        Case{
            "an 8-bit C1 byte, which is no UTF-8",
            "\x9b"
            "2J",
            "<0x9B>2J"
        },
        Case{"right-to-left override", "a\u202Eb", "a<U+202E>b"},
        Case{"left-to-right embedding", "\u202A", "<U+202A>"},
        Case{"isolates", "\u2066x\u2069", "<U+2066>x<U+2069>"},
        Case{"directional marks", "\u200E\u200F\u061C", "<U+200E><U+200F><U+061C>"},
        Case{"a zero width space", "an\u200Bna", "an<U+200B>na"},
        Case{"a joiner between letters", "an\u200Dna", "an<U+200D>na"},
        Case{"a non-joiner between letters", "an\u200Cna", "an<U+200C>na"},
        Case{"a word joiner", "\u2060", "<U+2060>"},
        Case{"a byte order mark", "\uFEFFx", "<U+FEFF>x"},
        Case{"a soft hyphen", "an\u00ADna", "an<U+00AD>na"},
        Case{"line and paragraph separators", "a\u2028b\u2029", "a<U+2028>b<U+2029>"},
        Case{"a Hangul filler", "\u3164", "<U+3164>"},
        Case{"an empty Braille cell", "\u2800", "<U+2800>"},
        Case{"a tag without its flag", "a\U000E0061", "a<U+E0061>"},
        Case{"variation selector 17", "a\U000E0100", "a<U+E0100>"},
        Case{"selectors one behind the other", "a\uFE0F\uFE0F", "a\uFE0F<U+FE0F>"},
        Case{"a noncharacter", "\uFFFE", "<U+FFFE>"},
        Case{"an overlong slash", "\xc0\xaf", "<0xC0><0xAF>"},
        Case{"half of a surrogate pair", "\xed\xa0\x80", "<0xED><0xA0><0x80>"},
        Case{"a sequence that ends early", "\xf0\x9f\x98", "<0xF0><0x9F><0x98>"},
        Case{"past the last code point", "\xf4\x90\x80\x80", "<0xF4><0x90><0x80><0x80>"},
        Case{
            "a tower of marks",
            "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
            "a\u0301\u0301\u0301\u0301\u0301\u0301<U+0301>"
        }
    )
);

class Harmless : public testing::TestWithParam<const char*> {};

TEST_P(Harmless, StaysAsItIs) {
    EXPECT_EQ(visible(GetParam(), Lines::keep), GetParam());
    EXPECT_FALSE(has_hidden(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Writing,
    Harmless,
    testing::Values(
        "",
        "Guten Tag, Frau Müller – bis 14:30!",
        "two\nlines",
        "日本語 テスト",
        "שלום",
        "مرحبا",
        "می\u200Cخواهم",    // Persian needs the non-joiner.
        "क्\u200Dष",         // Hindi the joiner.
        "👩\u200D⚕\uFE0F",  // A doctor, joined.
        "👩🏽\u200D🦱",     // With a skin tone.
        "❤\uFE0F",          // Coloured by its selector.
        "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",  // England.
        "🇩🇪",
        "e\u0301"
    )
);

TEST(VisibleLines, JoinsLinesWhereAskedTo) {
    EXPECT_EQ(visible("a\nb", Lines::join), "a↵b");
    EXPECT_EQ(visible("a\r\nb", Lines::join), "a↵b");
    EXPECT_EQ(visible("a\r\nb", Lines::keep), "a\nb");
    EXPECT_EQ(visible("a\tb", Lines::keep), "a    b");
}

TEST(HasHidden, IsTrueForAnOverrideAndFalseForTabsAndLineEnds) {
    EXPECT_TRUE(has_hidden("pay \u202E001"));
    EXPECT_FALSE(has_hidden("a\tb\r\nc\n"));
}

RC_GTEST_PROP(VisibleProperty, LetsNoHostileCodePointThrough, (std::string raw)) {
    auto shown = visible(raw, Lines::join);

    RC_ASSERT(is_valid_utf8(shown));
    std::string_view rest = shown;
    while (!rest.empty()) {
        const auto next = first_code_point(rest);
        RC_ASSERT(!is_hostile(next.value));
        rest.remove_prefix(next.length);
    }
}

RC_GTEST_PROP(
    VisibleProperty, LetsNoHostileCodePointOfUnicodeThrough, (std::vector<std::uint32_t> values)
) {
    std::string raw;
    for (const auto value : values) append_utf8(raw, value % 0x11'0000);

    auto shown = visible(raw, Lines::join);

    std::string_view rest = shown;
    while (!rest.empty()) {
        const auto next = first_code_point(rest);
        RC_ASSERT(!is_hostile(next.value));
        rest.remove_prefix(next.length);
    }
}

}  // namespace
}  // namespace wardline::terminal
