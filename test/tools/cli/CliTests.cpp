// Numbers in and out of the command line, and the JSON it prints.
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace tenon;
using namespace tenon::cli;
using testing::ElementsAre;

TEST(Quantity, ReadsSuffixes) {
  EXPECT_EQ(*parseQuantity("4096"), 4096u);
  EXPECT_EQ(*parseQuantity("8k"), 8000u);
  EXPECT_EQ(*parseQuantity("8k", true), 8192u);
  EXPECT_EQ(*parseQuantity("4GiB"), 4ull << 30);
  EXPECT_EQ(*parseQuantity("1.5G"), 1500000000u);
  EXPECT_EQ(*parseQuantity("0"), 0u);
}

TEST(Quantity, RefusesWhatIsNotANumber) {
  for (const char *text : {"", "k", "-1", "1.5", "12x", "1e400", "nan", "inf", "9Ei", "20000000T", "4 GB", "0x10"}) {
    auto value = parseQuantity(text);
    EXPECT_FALSE(value.isOk()) << text;
    if (!value.isOk())
      EXPECT_EQ(value.status().code(), Code::Usage);
  }
}

TEST(Quantity, ReadsListsSortedWithoutRepeats) {
  EXPECT_THAT(*parseList("8,1,2,8"), ElementsAre(1u, 2u, 8u));
  EXPECT_THAT(*parseList("1k"), ElementsAre(1024u));
  for (const char *text : {"", ",", "1,", "0", "1,,2", "70000", "a"})
    EXPECT_FALSE(parseList(text).isOk()) << text;
}

TEST(Quantity, PrintsThreeDigits) {
  EXPECT_EQ(formatBytes(0), "0 B");
  EXPECT_EQ(formatBytes(999), "999 B");
  EXPECT_EQ(formatBytes(1000), "1.00 kB");
  EXPECT_EQ(formatBytes(13910360), "13.9 MB");
  EXPECT_EQ(formatBytes(999999), "1.00 MB");
  EXPECT_EQ(formatBytes(140000000000), "140 GB");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  // alone: a continuation, an overlong "/", a surrogate, above U+10FFFF, a character cut short
  for (const auto &[bytes, expected] : {std::pair("a\x80z", "\"a\uFFFDz\""),
                                        {"\xC0\xAF", "\"\uFFFD\uFFFD\""},
                                        {"\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\""},
                                        {"\xF4\x90\x80\x80", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""},
                                        {"\xE2\x82", "\"\uFFFD\uFFFD\""},
                                        {"\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\u20AC\U0001F600\""}}) {
    JsonWriter json;
    json.value(bytes);
    EXPECT_EQ(json.text(), expected);
  }
}

TEST(JsonWriter, NestsAndEscapes) {
  JsonWriter json;
  json.beginObject().field("text", "a\"b\\c\n\x01é").field("n", 3).key("list").beginArray();
  json.value(1.5).value(true).null().beginObject().endObject().endArray().field("bad", 0.0 / 0.0).endObject();
  EXPECT_EQ(json.text(), "{\"text\":\"a\\\"b\\\\c\\u000a\\u0001é\",\"n\":3,\"list\":[1.5,true,null,{}],\"bad\":null}");
}
