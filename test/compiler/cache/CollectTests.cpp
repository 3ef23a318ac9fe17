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
  const std::string large(100000, 'x');
  for (Store maker = open(); const char *name : {"a", "b", "c", "d"})
    ASSERT_TRUE(put(maker, name, large + name).isOk());
  Store store = open();
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
  for (int i = 0; i < 5; ++i) {
    Store store = open();
    ASSERT_TRUE(put(store, std::to_string(i), std::string(100000, 'x')).isOk());
    EXPECT_TRUE(get(store, std::to_string(i)).has_value());
    EXPECT_LE(countContents(store).all().bytes, 150000u);
  }
  EXPECT_FALSE(open().accepts(150001));
}

// What one compilation is made of does not push itself out.
TEST_F(StoreTest, KeepsWhatIsInUseOrSaysSo) {
  ASSERT_TRUE(put(*std::make_unique<Store>(open()), "old", std::string(100000, 'x')).isOk());
  options_.sizeBound = 250000;
  Store store = open();
  ASSERT_TRUE(put(store, "first", std::string(100000, 'x')).isOk());
  EXPECT_TRUE(get(store, "old")); // found: in use as well
  EXPECT_FALSE(store.accepts(100000));
  const Status status = put(store, "second", std::string(100000, 'x'));
  EXPECT_EQ(status.code(), Code::Constraint);
  EXPECT_THAT(status.message(),
              testing::MatchesRegex("code/.*is not kept: it needs [0-9]+ bytes beside [0-9]+ that are "
                                    "in use, --cache-size allows 250000"));
  EXPECT_FALSE(get(store, "second"));
  EXPECT_TRUE(get(store, "first") && get(store, "old"));
  Store other = open(); // for which neither is in use
  EXPECT_TRUE(other.accepts(100000));
  EXPECT_TRUE(put(other, "second", std::string(100000, 'x')).isOk());
  EXPECT_EQ(countContents(other).entries[0].count, 2u);
}

// An engine's entry is of no use without its weights.
class EnginesTest : public StoreTest {
protected:
  static Key putEngine(Store &store, const std::string &what, const std::string &weights, time_t used) {
    const Key key = keyFor(what, Kind::Engine);
    auto lock = store.lock(key);
    NewPart part{.name = "head"};
    EXPECT_TRUE(store.publish(*lock, key, fieldsOf(what), {{"weights", keyFor(weights, Kind::Weights).hex}}, {&part, 1})
                    .isOk());
    use(store, key, used);
    return key;
  }
  static Key putWeights(Store &store, const std::string &what, time_t used) {
    EXPECT_TRUE(put(store, what, std::string(100000, 'x'), Kind::Weights).isOk());
    use(store, keyFor(what, Kind::Weights), used);
    return keyFor(what, Kind::Weights);
  }
  bool isThere(const Key &key) {
    return fs::exists(folder_ + "/v1/" + key.text().substr(0, key.text().find('/') + 1) + key.hex.substr(0, 2) + "/" +
                      key.hex + ".manifest");
  }
};

TEST_F(EnginesTest, GoWithTheirWeights) {
  Store maker = open();
  const Key old = putWeights(maker, "old", 1000), recent = putWeights(maker, "recent", 2000);
  const Key one = putEngine(maker, "one", "old", 3000), two = putEngine(maker, "two", "old", 4000);
  const Key three = putEngine(maker, "three", "recent", 1500);
  Store store = open();
  enforceBound(store, 150000);
  EXPECT_FALSE(isThere(old) || isThere(one) || isThere(two));
  EXPECT_TRUE(isThere(recent) && isThere(three));
}

TEST_F(EnginesTest, HoldTheirWeightsWhileInUse) {
  Store maker = open();
  const Key old = putWeights(maker, "old", 1000), recent = putWeights(maker, "recent", 2000);
  const Key engine = putEngine(maker, "one", "old", 500);
  Store store = open();
  ASSERT_TRUE(store.find(engine));
  enforceBound(store, 150000);
  EXPECT_TRUE(isThere(old) && isThere(engine));
  EXPECT_FALSE(isThere(recent));
}

TEST_F(EnginesTest, AreCollectedWithoutTheirWeights) {
  Store maker = open();
  const Key weights = putWeights(maker, "weights", 1000), engine = putEngine(maker, "one", "weights", 2000);
  Store store = open();
  EXPECT_EQ(collect(store, UINT64_MAX).entries, 0u);
  ASSERT_TRUE(store.remove(weights));
  const Collected collected = collect(store, UINT64_MAX);
  EXPECT_EQ(collected.entries, 1u);
  EXPECT_GT(collected.bytes, 0u);
  EXPECT_FALSE(isThere(engine));
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
