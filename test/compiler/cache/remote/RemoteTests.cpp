// The tier's own rules, with a folder as the remote.
#include "test/compiler/cache/remote/RemoteFixture.h"

#include "compiler/cache/Collect.h"

using namespace tenon;
using namespace tenon::cache;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

namespace fs = std::filesystem;

namespace {

TEST_F(RemoteTest, CarriesEntries) {
  const std::string large = random(20 << 20);
  EXPECT_EQ(share("a", "bytes of a").entries, 1u);
  EXPECT_EQ(share("b", large, Kind::Weights).bytes, large.size());
  EXPECT_EQ(share("empty", "", Kind::Engine).entries, 1u);
  EXPECT_THAT(fetch("a"), Optional(std::string("bytes of a")));
  EXPECT_TRUE(fetch("b", Kind::Weights) == large);
  EXPECT_THAT(fetch("empty", Kind::Engine), Optional(std::string()));
  EXPECT_EQ(fetch("c"), std::nullopt);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(RemoteTest, PutsWhatLacks) {
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  const auto written = fs::last_write_time(only("cas"));
  EXPECT_EQ(share("a", "bytes").entries, 0u);
  EXPECT_EQ(share("b", "bytes").entries, 1u) << "another entry, of the same part";
  EXPECT_EQ(fs::last_write_time(only("cas")), written);
  EXPECT_THAT(fetch("b"), Optional(std::string("bytes")));
}

TEST_F(RemoteTest, HolesStayHoles) {
  share("zeros", std::string(64 << 20, '\0') + "end");
  EXPECT_LT(fs::file_size(only("cas")), 64u << 10);
  ASSERT_TRUE(fetch("zeros").has_value());
  Store store = at("b");
  EXPECT_LT(countContents(store).all().bytes, 4u << 20);
}

// One byte of what lies there is another: never taken, said once, made good by whoever has the right one.
TEST_F(RemoteTest, FlippedBitsAreFoundAndMended) {
  share("a", "bytes of a, which are many");
  for (const std::string folder : {"cas", "ac"}) {
    const std::string path = only(folder), good = read(path);
    for (size_t byte = 0; byte < good.size(); ++byte) {
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << byte % 8));
      overwrite(path, bad);
      warnings_.clear();
      auto remote = connect();
      const auto found = fetch(*remote, "a");
      // A frame's header has bits that mean nothing for its content.
      if (found) {
        EXPECT_EQ(folder, "cas");
        EXPECT_EQ(*found, "bytes of a, which are many") << byte;
      } else {
        EXPECT_EQ(warnings_.size(), 1u) << folder << " " << byte;
        EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
        EXPECT_EQ(warnings_.size(), 1u) << "nothing more is taken, and nothing more said";
        expectNothing();
        Store store = this->at("a");
        const Key key = keyFor("a");
        EXPECT_EQ(remote->share(store, {&key, 1}).entries, 1u) << byte;
        EXPECT_EQ(read(path), good) << byte;
      }
      overwrite(path, good);
      fs::remove_all(folder_ + "/b");
    }
  }
}

TEST_F(RemoteTest, CutOffIsFound) {
  share("a", random(5000));
  for (const std::string folder : {"cas", "ac"}) {
    const std::string path = only(folder), good = read(path);
    for (size_t size = 0; size < good.size(); size += 1 + good.size() / 40) {
      overwrite(path, good.substr(0, size));
      EXPECT_EQ(fetch("a"), std::nullopt) << folder << " " << size;
    }
    overwrite(path, good + "x");
    EXPECT_EQ(fetch("a"), std::nullopt) << "something behind it";
    overwrite(path, good);
  }
  EXPECT_TRUE(fetch("a").has_value());
}

TEST_F(RemoteTest, AMissingPartIsAMiss) {
  share("a", "bytes");
  fs::remove(only("cas"));
  auto remote = connect();
  EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
  EXPECT_THAT(warnings_, IsEmpty());
  Store store = at("a");
  const Key key = keyFor("a");
  EXPECT_EQ(remote->share(store, {&key, 1}).entries, 1u) << "although its manifest is there";
  EXPECT_TRUE(fetch("a").has_value());
}

TEST_F(RemoteTest, AnotherEntryUnderTheKeyIsRefused) {
  share("a", "bytes");
  const std::string text = read(only("ac"));
  overwrite(folder_ + "/shared/" + sharedEntryName(keyFor("b")), text);
  EXPECT_EQ(fetch("b"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("that of another entry")));
}

// Little that becomes much: as many zeros as the part may have, and then more.
TEST_F(RemoteTest, BombsEndAtTheSizeThatWasPromised) {
  share("a", "bytes");
  overwrite(only("cas"), compressed(std::string(100 << 20, '\0')).substr(0, 60));
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("longer than its 5 bytes")));
  warnings_.clear();
  overwrite(only("cas"), random(4096));
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("has 4096 bytes, at most 69 expected")));
  expectNothing();
}

// A manifest that promises too much is not even begun.
TEST_F(RemoteTest, SizesAreBoundedFirst) {
  share("a", "bytes");
  auto shared = parseSharedEntry(read(only("ac")));
  ASSERT_TRUE(shared.isOk());
  shared->manifest.parts[0].bytes = 3ull << 30;
  overwrite(only("ac"), sharedEntryText(shared->manifest, nullptr));
  EXPECT_EQ(fetch("a"), std::nullopt);
  expectNothing();
  shared->manifest.parts[0].bytes = 5;
  shared->manifest.parts[0].name = "manifest"; // would come to lie over the entry's own file
  overwrite(only("ac"), sharedEntryText(shared->manifest, nullptr));
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(RemoteTest, ALostFolderTurnsItOff) {
  share("a", "bytes");
  fs::remove_all(folder_ + "/shared");
  auto remote = connect();
  EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
  EXPECT_TRUE(remote->isOff());
  fs::create_directories(folder_ + "/shared");
  EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
  Store store = at("a");
  const Key key = keyFor("a");
  EXPECT_EQ(remote->share(store, {&key, 1}).entries, 0u);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the remote is not used any more")));
}

} // namespace
