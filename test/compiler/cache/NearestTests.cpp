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

} // namespace
