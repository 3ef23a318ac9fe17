#include "runtime/base/Json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon;
using testing::HasSubstr;

namespace {

JsonDocument parse(std::string_view text) {
  auto document = parseJson(text, "config.json");
  EXPECT_TRUE(document.isOk()) << document.status().message();
  return *std::move(document);
}

Status failure(std::string_view text, JsonLimits limits = {}) {
  auto document = parseJson(text, "config.json", limits);
  EXPECT_FALSE(document.isOk()) << "accepted: " << text.substr(0, 80);
  return document.isOk() ? Status::ok() : document.status();
}

TEST(Json, ReadsEveryKind) {
  auto document =
      parse(R"({"n":null,"b":true,"i":-3,"u":18446744073709551615,"r":0.5,"s":"\u00e9","a":[1,[2]],"o":{}})");
  JsonValue root = document.root();
  EXPECT_TRUE(root.find("n")->isNull());
  EXPECT_TRUE(*root.find("b")->boolean());
  EXPECT_EQ(*root.find("i")->integer(), -3);
  EXPECT_EQ(*root.find("u")->unsignedInteger(), UINT64_MAX);
  EXPECT_EQ(*root.find("r")->real(), 0.5);
  EXPECT_EQ(*root.find("i")->real(), -3.0);
  EXPECT_EQ(*root.find("s")->string(), "\xC3\xA9");
  std::vector<JsonKind> kinds;
  for (JsonValue value : root.find("a")->elements())
    kinds.push_back(value.kind());
  EXPECT_THAT(kinds, testing::ElementsAre(JsonKind::Integer, JsonKind::Array));
  std::string keys;
  for (auto [key, value] : root.members())
    keys += key;
  EXPECT_EQ(keys, "nbiursao");
  EXPECT_FALSE(root.find("absent"));
}

TEST(Json, HandlesOutliveAMoveOfTheDocument) {
  auto document = parse(R"({"a":"text"})");
  JsonValue value = *document.root().find("a");
  JsonDocument moved = std::move(document);
  EXPECT_EQ(*value.string(), "text");
  EXPECT_EQ(moved.name(), "config.json");
}

TEST(Json, ErrorsNameFilePathExpectedAndGot) {
  auto document = parse(
      R"({"layers":"thirty-two","rope":{"factor":[1,{"x":2.0}]},"a.b":{"c":-1},"big":1e300,"wide":18446744073709551615})");
  JsonValue root = document.root();
  auto layers = root.find("layers")->integer(1, 4096);
  EXPECT_EQ(layers.status().code(), Code::InvalidFile);
  EXPECT_EQ(layers.status().message(),
            "config.json: layers: expected a whole number from 1 to 4096, got \"thirty-two\"");
  JsonValue x = *(*++root.find("rope")->find("factor")->elements().begin()).find("x");
  EXPECT_EQ(x.integer().status().message(),
            "config.json: rope.factor[1].x: expected a whole number of at most 64 bits, got 2.0");
  EXPECT_EQ(root.find("a.b")->find("c")->unsignedInteger().status().message(),
            "config.json: [\"a.b\"].c: expected a whole number of at least 0, got -1");
  EXPECT_EQ(root.find("big")->integer(1).status().message(),
            "config.json: big: expected a whole number of at least 1, got 1e+300");
  EXPECT_EQ(root.member("absent").status().message(),
            "config.json: top level: expected the key \"absent\", which is missing");
  EXPECT_EQ(root.find("layers")->member("x").status().message(),
            "config.json: layers: expected an object, got \"thirty-two\"");
  EXPECT_EQ(root.boolean().status().message(), "config.json: top level: expected true or false, got an object");
  EXPECT_EQ(root.find("rope")->string().status().message(), "config.json: rope: expected a string, got an object");
  EXPECT_EQ(root.asArray().status().message(), "config.json: top level: expected an array, got an object");
  EXPECT_EQ(root.find("wide")->integer().status().message(),
            "config.json: wide: expected a whole number of at most 64 bits, got 18446744073709551615");
  EXPECT_EQ(root.find("layers")->real().status().message(),
            "config.json: layers: expected a number, got \"thirty-two\"");
}

TEST(Json, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_EQ(failure(R"({"a":1,"b":2,"a":3})").message(),
            "config.json: top level: the key \"a\" occurs twice, expected each key once");
  EXPECT_THAT(failure(R"({"x":[0,{"k":1,"\u006b":2}]})").message(), HasSubstr("x[1]: the key \"k\" occurs twice"));
  EXPECT_THAT(failure(R"({"":1,"":2})").message(), HasSubstr("the key \"\" occurs twice"));
  EXPECT_EQ(failure(R"({"a":{"a":1,"a":1}})").code(), Code::InvalidFile);
  parse(R"({"a":{"a":1},"b":{"a":1},"A":0})"); // equal keys in different objects are fine
}

TEST(Json, FindsADuplicateAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 100000; ++i)
    text += "\"key" + std::to_string(i) + "\":0,";
  parse(text + "\"last\":0}");
  EXPECT_THAT(failure(text + "\"key5\":0}").message(), HasSubstr("\"key5\" occurs twice"));
}

TEST(Json, RefusesDamagedText) {
  for (const char *text :
       {"",           " ",           "{",           "{\"a\":1",       "[1,]",       "{\"a\":1}}",
        "{\"a\" 1}",  "nul",         "\"\\ud800\"", "\"\xFF\"",       "[01]",       "[NaN]",
        "[Infinity]", "[1e999]",     "{'a':1}",     "\xEF\xBB\xBF{}", "[\"\x01\"]", "[123456789012345678901234567890x]",
        "[-]",        "{\"a\":1} {}"}) {
    Status status = failure(text);
    EXPECT_EQ(status.code(), Code::InvalidFile) << text;
    EXPECT_THAT(status.message(), HasSubstr("config.json: expected JSON")) << text;
  }
  EXPECT_EQ(failure(std::string_view("{\"a\":1}\0", 8)).code(), Code::InvalidFile);
}

TEST(Json, RefusesTextBeyondItsLimits) {
  EXPECT_EQ(failure("[1,2,3]", {.maxBytes = 6}).message(), "config.json: 7 bytes of JSON, expected at most 6");
  std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(failure("[" + deep + "]").message(), "config.json: nested too deeply, expected at most 64 levels");
  EXPECT_EQ(failure(std::string(1 << 20, '[')).code(), Code::InvalidFile);
  EXPECT_TRUE(parseJson(deep.substr(4, 120), "x").isOk());
}

// Python's json writes "no limit" as an integer of 31 digits in many a tokenizer_config.json.
TEST(Json, ReadsIntegersBeyond64BitsAsReals) {
  auto document =
      parse(R"({"s":"12345678901234567890123 \" 5","max":1000000000000000019884624838656,"n":-99999999999999999999,)"
            R"("i":[7,1234567890123456789],"e":100000000000000000000e-20,"f":0.33333333333333333333})");
  JsonValue root = document.root();
  EXPECT_EQ(*root.find("max")->real(), 1e30);
  EXPECT_EQ(*root.find("n")->real(), -1e20);
  EXPECT_EQ(*root.find("s")->string(), "12345678901234567890123 \" 5");
  EXPECT_EQ(*root.find("e")->real(), 1.0);
  EXPECT_FALSE(root.find("max")->integer().isOk());
  EXPECT_EQ(*(*root.find("i")->elements().begin()).integer(), 7);
}

TEST(Json, QuotesUntrustedTextOnOneLine) {
  EXPECT_EQ(quoteForMessage("a\"b\\c\nd"), R"("a\"b\\c\nd")");
  EXPECT_EQ(quoteForMessage("\x1b[31m\x7f"), R"("\x1b[31m\x7f")");
  EXPECT_EQ(quoteForMessage("\xC2\x9b"), R"("\xc2\x9b")");
  EXPECT_EQ(quoteForMessage("\xC3\xA9\xFF\xED\xA0\x80"), "\"\xC3\xA9\\xff\\xed\\xa0\\x80\"");
  EXPECT_EQ(quoteForMessage("abc\xC3\xA9", 4), "\"abc...\"");
  EXPECT_EQ(quoteForMessage("abc\xC3\xA9", 5), "\"abc\xC3\xA9\"");
}

} // namespace
