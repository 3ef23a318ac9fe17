#include "compiler/cache/Nearest.h"

#include "test/compiler/cache/StoreFixture.h"

using namespace tenon;
using namespace tenon::cache;

namespace {

// What stands in a manifest may come from anybody.
TEST_F(StoreTest, NothingOfAManifestSteersATerminal) {
  Store store = open();
  const Fields hostile = {{"a\x1b[2J", "\x1b]0;title\x07"}, {"what", "one\ncache: engine: hit"}};
  const Key key = keyOf(Kind::Engine, hostile);
  const auto lock = store.lock(key);
  NewPart part{.name = "head"};
  ASSERT_TRUE(store.publish(*lock, key, hostile, {}, {&part, 1}).isOk());

  const auto nearest = findNearest(store, Kind::Engine, {{"what", "two"}});
  ASSERT_TRUE(nearest);
  EXPECT_EQ(differencesText(nearest->differences, 6),
            "a\\x1b[2J nothing, there \\x1b]0;title\\x07; what two, there one\\x0acache: engine: hit");
  EXPECT_EQ(differencesTable(nearest->differences), "  a\\x1b[2J\n    asked  nothing\n    there  \\x1b]0;title\\x07\n"
                                                    "  what\n    asked  two\n    there  one\\x0acache: engine: hit\n");
}

TEST(Nearest, CutsLongValuesBetweenCharacters) {
  const std::string euros =
      "x\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
      "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"; // 49 bytes
  EXPECT_EQ(differencesText({{"f", euros, std::nullopt}}, 1), "f " + euros.substr(0, 46) + "..., there nothing");
}

TEST(Nearest, ShowsTheFirstFewOfManyAlike) {
  std::vector<Difference> differences{{"option.quant", "int8_wo", "auto"}};
  for (int i = 10; i < 30; ++i)
    differences.push_back({"weight.layers." + std::to_string(i), "a", "b"});
  for (const char *shape : {"1", "2", "3", "4", "5", "6", "7", "8"})
    differences.push_back({std::string("shape.") + shape, "x", std::nullopt});
  std::sort(differences.begin(), differences.end(),
            [](const Difference &a, const Difference &b) { return a.field < b.field; });
  const std::string text = differencesTable(differences);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3 + 3 * 8 + 3 * 3 + 1);
  EXPECT_TRUE(text.starts_with("  option.quant\n    asked  int8_wo\n    there  auto\n"));
  EXPECT_TRUE(text.ends_with("  weight.layers.12\n    asked  a\n    there  b\n  and 17 more of weight\n"));
}

} // namespace
