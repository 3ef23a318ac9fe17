#include "compiler/cache/Collect.h"

#include "test/compiler/cache/StoreFixture.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

using namespace tenon;
using namespace tenon::cache;

namespace fs = std::filesystem;

namespace {

void use(const Store &store, const Key &key, time_t seconds) {
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, store.entryPath(key, "manifest").c_str(), times, 0), 0);
}

TEST_F(StoreTest, DropsWhatWasNotUsedForLongest) {
  Store store = open();
  const std::string large(100000, 'x');
  for (const char *name : {"a", "b", "c", "d"})
    ASSERT_TRUE(put(store, name, large + name).isOk());
  use(store, keyFor("a"), 4000);
  use(store, keyFor("b"), 1000);
  use(store, keyFor("c"), 3000);
  use(store, keyFor("d"), time_t(1) << 33); // in the future: counts as just now
  EXPECT_GE(enforceBound(store, 250000), 200000u);
  EXPECT_EQ(get(store, "b"), std::nullopt);
  EXPECT_EQ(get(store, "c"), std::nullopt);
  EXPECT_TRUE(get(store, "a").has_value());
  EXPECT_TRUE(get(store, "d").has_value());
  EXPECT_EQ(enforceBound(store, 250000), 0u);
}

TEST_F(StoreTest, PublishingKeepsTheBoundAndItsOwnEntry) {
  options_.sizeBound = 150000;
  Store store = open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(put(store, std::to_string(i), std::string(100000, 'x')).isOk());
    EXPECT_TRUE(get(store, std::to_string(i)).has_value());
    EXPECT_LE(countContents(store).all().bytes, 150000u);
  }
  EXPECT_FALSE(store.accepts(150001));
}

TEST_F(StoreTest, CollectsLeftoversButNotWhatIsBeingMade) {
  Store store = open();
  ASSERT_TRUE(put(store, "whole", "bytes").isOk());
  ASSERT_TRUE(put(store, "part", "bytes").isOk());
  ASSERT_TRUE(put(store, "busy", "bytes").isOk());
  ASSERT_TRUE(put(store, "damaged", "bytes").isOk());
  fs::remove(store.entryPath(keyFor("part"), "manifest"));
  fs::remove(store.entryPath(keyFor("busy"), "manifest"));
  overwrite(store.entryPath(keyFor("damaged"), "object"), "BYTES");
  EXPECT_EQ(get(store, "damaged"), std::nullopt);
  overwrite(store.entryPath(keyFor("whole"), "object.tmp-0123456789abcdef"), "half");
  overwrite(store.entryPath(keyFor("killed"), "lock"), "");
  overwrite(store.root() + "/code/notes.txt", "not ours");
  const auto held = store.lock(keyFor("busy"));
  ASSERT_TRUE(held);
  overwrite(store.entryPath(keyFor("busy"), "object.tmp-0123456789abcdef"), "half");

  const Collected collected = collect(store, UINT64_MAX);
  EXPECT_EQ(collected.leftovers, 2u); // the temporary of `whole`, the part of `part`
  EXPECT_TRUE(get(store, "whole").has_value());
  EXPECT_FALSE(fs::exists(store.entryPath(keyFor("whole"), "object.tmp-0123456789abcdef")));
  EXPECT_FALSE(fs::exists(store.entryPath(keyFor("part"), "object")));
  EXPECT_FALSE(fs::exists(store.entryPath(keyFor("killed"), "lock")));
  EXPECT_TRUE(fs::exists(store.entryPath(keyFor("busy"), "object.tmp-0123456789abcdef")));
  EXPECT_TRUE(fs::exists(store.root() + "/code/notes.txt"));
  EXPECT_TRUE(fs::is_empty(store.root() + "/quarantine"));
}

TEST_F(StoreTest, CountsByKind) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  ASSERT_TRUE(put(store, "b", "bbb").isOk());
  ASSERT_TRUE(put(store, "a", "engine", Kind::Engine).isOk());
  fs::remove(store.entryPath(keyFor("b"), "manifest"));
  const Contents contents = countContents(store);
  EXPECT_EQ(contents.entries[static_cast<size_t>(Kind::Code)].count, 1u);
  EXPECT_EQ(contents.entries[static_cast<size_t>(Kind::Engine)].count, 1u);
  EXPECT_EQ(contents.unfinished.count, 1u);
  EXPECT_EQ(contents.all().count, 3u);
  EXPECT_TRUE(store.remove(keyFor("a")));
  EXPECT_EQ(get(store, "a"), std::nullopt);
  EXPECT_TRUE(get(store, "a", Kind::Engine).has_value());
}

} // namespace
