#include "runtime/base/Printable.h"

#include <gtest/gtest.h>

using namespace tenon;

TEST(Printable, KeepsText) {
  for (const char *text : {"", "plain, with 'quotes' and \\", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\xC2\xA0"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, DisarmsWhatSteersTerminals) {
  EXPECT_EQ(printable("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07");
  EXPECT_EQ(printable("a\rb\nc\td\x7f"), "a\\x0db\\x0ac\\x09d\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xC2\x9b"
                      "31m"),
            "\\xc2\\x9b"
            "31m"); // U+009B is ESC [ in one character
}

TEST(Printable, ShowsBytesThatAreNoText) {
  EXPECT_EQ(printable("a\x9b\xFF"), "a\\x9b\\xff");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80"); // a surrogate
  EXPECT_EQ(printable("\xC0\x9b"), "\\xc0\\x9b");          // overlong
  EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82");          // cut off
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Printable, KeepsTheLinesOfLongerTexts) {
  EXPECT_EQ(printable("one\n\ttwo\r\x1b", Lines::Several), "one\n\ttwo\\x0d\\x1b");
}
