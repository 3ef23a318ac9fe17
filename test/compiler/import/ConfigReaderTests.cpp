#include "compiler/import/ConfigReader.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

using namespace tenon;
using testing::HasSubstr;

namespace {

TEST(HarmlessKeys, AreSortedUniqueAndExplained) {
  auto keys = harmlessKeys();
  ASSERT_GT(keys.size(), 0u);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_FALSE(keys[i].why.empty()) << keys[i].key;
    if (i > 0) {
      EXPECT_LT(keys[i - 1].key, keys[i].key);
    }
  }
}

// docs/models.md shows the same table. On failure the message is the text to put there.
TEST(HarmlessKeys, AreDocumented) {
  std::string table = "| Key | Value | Why it is harmless |\n|---|---|---|\n";
  for (const HarmlessKey &entry : harmlessKeys())
    table += "| `" + std::string(entry.key) + "` | " +
             (entry.only.empty() ? "any" : "only `" + std::string(entry.only) + "`") + " | " + std::string(entry.why) +
             " |\n";
  std::ifstream file(TENON_TEST_DATA "/../docs/models.md");
  std::string docs{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  docs += "\n"; // the table is followed by an empty line or by the end of the file
  EXPECT_NE(docs.find("\n" + table + "\n"), std::string::npos) << "docs/models.md should hold:\n" << table;
}

TEST(ConfigReader, RefusesATopLevelThatIsNoObject) {
  auto document = parseJson("[1]", "config.json");
  EXPECT_EQ(ConfigReader::open(*document).status().message(),
            "config.json: top level: expected an object, got an array");
}

TEST(ConfigReader, EveryHarmlessKeyIsAcceptedWithItsValue) {
  for (const HarmlessKey &entry : harmlessKeys()) {
    std::string value = entry.only.empty() ? "\"anything\"" : std::string(entry.only);
    auto document = parseJson("{\"" + std::string(entry.key) + "\":" + value + "}", "config.json");
    auto reader = ConfigReader::open(*document);
    EXPECT_TRUE(reader->finish().isOk()) << entry.key << ": " << reader->finish().message();
    if (!entry.only.empty()) {
      auto other = parseJson("{\"" + std::string(entry.key) + "\":\"other\"}", "config.json");
      EXPECT_EQ(ConfigReader::open(*other)->finish().code(), Code::Unsupported) << entry.key;
    }
  }
}

TEST(ConfigReader, ReadKeysAreNotUnread) {
  auto document = parseJson(R"({"a":1,"b":{"c":2,"use_cache":true}})", "config.json");
  auto reader = ConfigReader::open(*document);
  EXPECT_TRUE(reader->present("a"));
  EXPECT_THAT(reader->finish().message(), HasSubstr("config.json: a: this key with value 1 is not known"));
  EXPECT_EQ(*reader->integer("a", 0, 9), 1);
  EXPECT_THAT(reader->finish().message(), HasSubstr("config.json: b: this key with value an object"));
  auto section = ConfigReader::openSection(*reader->take("b"));
  EXPECT_TRUE(reader->finish().isOk());
  EXPECT_EQ(section->missing("x", "a number").message(),
            "config.json: b.x: expected a number, got nothing: the key is missing");
  EXPECT_EQ(*section->integer("c", 0, 9), 2);
  // Harmless keys are harmless at the top level only.
  EXPECT_THAT(section->finish().message(), HasSubstr("config.json: b.use_cache: this key with value true"));
}

TEST(ConfigReader, BoundsTheNumberOfTokenIds) {
  std::string list = "[0";
  for (int i = 1; i < 5000; ++i)
    list += "," + std::to_string(i);
  auto document = parseJson("{\"eos\":" + list + "]}", "config.json");
  auto reader = ConfigReader::open(*document);
  EXPECT_THAT(reader->tokenIds("eos", 1 << 20).status().message(), HasSubstr("eos: expected at most 4096 token ids"));
}

} // namespace
