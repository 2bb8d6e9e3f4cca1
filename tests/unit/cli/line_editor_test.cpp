#include "clients/cli/line_editor.hpp"

#include "clients/terminal/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::cli {
namespace {

TEST(LineEditing, GivesALineOnEnter) {
    LineEditor editor{"> "};

    EXPECT_TRUE(editor.feed("hel").lines.empty());
    EXPECT_EQ(editor.feed("lo\rnext").lines, (std::vector<std::string>{"hello"}));
    EXPECT_EQ(editor.text(), "next");
}

TEST(LineEditing, TakesAwayWholeCharacters) {
    LineEditor editor{"> "};
    editor.feed("aü日\x7f");
    EXPECT_EQ(editor.text(), "aü");
    editor.feed("\x7f\x7f\x7f");
    EXPECT_EQ(editor.text(), "");
}

TEST(LineEditing, MovesAndInserts) {
    LineEditor editor{"> "};
    editor.feed("ac\x1b[Db\x1b[H_\x1b[F!");
    EXPECT_EQ(editor.text(), "_abc!");
    editor.feed("\x1b[D\x1b[3~");
    EXPECT_EQ(editor.text(), "_abc");
}

TEST(LineEditing, ErasesWordsAndLines) {
    LineEditor editor{"> "};
    editor.feed("one two  \x17");
    EXPECT_EQ(editor.text(), "one ");
    editor.feed("\x15");
    EXPECT_EQ(editor.text(), "");
}

TEST(LineEditing, WaitsForTheRestOfACharacterOrKey) {
    LineEditor editor{"> "};
    editor.feed("\xc3");
    editor.feed("\xbc\x1b");
    editor.feed("[");
    editor.feed("D!");
    EXPECT_EQ(editor.text(), "!ü");
}

TEST(LineEditing, KeepsAPastedTextTogether) {
    LineEditor editor{"> "};

    const auto fed = editor.feed("\x1b[200~one\rtwo\x1b[201~\r");

    EXPECT_EQ(fed.lines, (std::vector<std::string>{"one\ntwo"}));
}

TEST(LineEditing, EndsOnCtrlDWithNothingTypedOnly) {
    LineEditor editor{"> "};
    EXPECT_FALSE(editor.feed("a\x04").ended);
    EXPECT_EQ(editor.text(), "a");
    EXPECT_TRUE(editor.feed("\x7f\x04").ended);
}

TEST(LineEditing, DrawsOneRowWithTheCursorInPlace) {
    LineEditor editor{"> "};
    editor.feed("abc\x1b[D");
    EXPECT_EQ(editor.drawn(80), "\r\x1b[K> abc\x1b[1D");
    editor.feed("\x1b[F" + std::string(100, 'x'));
    EXPECT_EQ(editor.drawn(20), "\r\x1b[K> " + std::string(17, 'x'));
}

TEST(LineEditing, DrawsWhatWasPastedHarmlessly) {
    LineEditor editor{"> "};
    editor.feed("\x1b[200~a\u202Eb\nc\x1b[201~");
    EXPECT_EQ(editor.drawn(80), "\r\x1b[K> a<U+202E>b↵c");
}

RC_GTEST_PROP(
    LineEditingProperty, LinesAreValidTextWhateverIsTyped, (std::vector<std::string> chunks)
) {
    LineEditor editor{"> "};
    for (const auto& chunk : chunks) {
        for (const auto& line : editor.feed(chunk).lines) RC_ASSERT(terminal::is_valid_utf8(line));
        RC_ASSERT(terminal::is_valid_utf8(editor.text()));
        RC_ASSERT(!editor.drawn(40).empty());
    }
}

}  // namespace
}  // namespace wardline::cli
