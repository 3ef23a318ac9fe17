#include "compiler/cache/Bundle.h"

#include "compiler/cache/Collect.h"
#include "test/compiler/cache/StoreFixture.h"

#include <gmock/gmock.h>
#include <random>
#include <zstd.h>

using namespace tenon;
using namespace tenon::cache;
using testing::HasSubstr;
using testing::Optional;

namespace fs = std::filesystem;

namespace {

class BundleTest : public StoreTest {
protected:
  BundleTest() { fs::create_directories(folder_ + "/from"); }

  Store at(const std::string &name) {
    options_.folder = folder_ + "/" + name;
    return open();
  }
  std::string path(const std::string &name = "bundle") const { return folder_ + "/" + name; }

  // A bundle of three entries, one with holes; what it holds uncompressed.
  std::string make() {
    Store store = at("from");
    EXPECT_TRUE(put(store, "a", "bytes of a").isOk());
    EXPECT_TRUE(put(store, "b", std::string(3 << 20, '\0') + "end", Kind::Engine).isOk());
    EXPECT_TRUE(put(store, "empty", "").isOk());
    auto shipped = exportBundle(store, {keyFor("a"), keyFor("b", Kind::Engine), keyFor("empty")}, path());
    EXPECT_TRUE(shipped.isOk()) << shipped.status().message();
    const std::string packed = read(path());
    std::string text(8 << 20, '\0');
    text.resize(ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size()));
    return text;
  }
  void compress(const std::string &text, const std::string &to) const {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
    std::ofstream(to, std::ios::binary) << packed;
  }
};

TEST_F(BundleTest, CarriesEntries) {
  make();
  Store store = at("to");
  auto shipped = importBundle(store, path());
  ASSERT_TRUE(shipped.isOk()) << shipped.status().message();
  EXPECT_EQ(shipped->entries, 3u);
  EXPECT_THAT(get(store, "a"), Optional(std::string("bytes of a")));
  EXPECT_THAT(get(store, "b", Kind::Engine), Optional(std::string(3 << 20, '\0') + "end"));
  EXPECT_THAT(get(store, "empty"), Optional(std::string()));
  EXPECT_LT(countContents(store).all().bytes, 2u << 20) << "holes stay holes";
  EXPECT_TRUE(importBundle(store, path()).isOk()) << "once more does no harm";
}

TEST_F(BundleTest, RefusesCutsAndFlips) {
  make();
  const std::string whole = read(path());
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    std::string broken = whole;
    if (i % 2 == 0)
      broken.resize(random() % whole.size());
    else
      broken[random() % whole.size()] ^= static_cast<char>(1 << random() % 8);
    std::ofstream(path("broken"), std::ios::binary) << broken;
    Store store = at("to");
    auto shipped = importBundle(store, path("broken"));
    // A flip may be in what zstd does not read; what was taken over is right all the same.
    for (const Listed &entry : listEntries(store))
      EXPECT_TRUE(!entry.whole || store.verify(entry.key)) << i;
    EXPECT_TRUE(!shipped.isOk() || shipped->entries == 3u);
    if (i % 2 == 0)
      EXPECT_FALSE(shipped.isOk()) << "cut to " << broken.size();
    EXPECT_EQ(countContents(store).unfinished.count, 0u) << "no temporary stays";
    fs::remove_all(folder_ + "/to");
  }
}

// What a stranger may write, with sums that fit.
TEST_F(BundleTest, RefusesHostileContent) {
  const std::string text = make();
  Store store = at("to");
  auto refused = [&](std::string changed, Code code, const char *what) {
    compress(changed, path("hostile"));
    auto shipped = importBundle(store, path("hostile"));
    ASSERT_FALSE(shipped.isOk()) << what;
    EXPECT_EQ(shipped.status().code(), code) << shipped.status().message();
    EXPECT_EQ(countContents(store).all().count, 0u) << what;
  };
  auto withByte = [&](size_t at, char byte) {
    std::string changed = text;
    changed[at] = byte;
    return changed;
  };
  refused("", Code::InvalidFile, "nothing");
  refused("tenon cache bundle 2\n", Code::InvalidFile, "another version");
  refused(withByte(24, '\x7f'), Code::InvalidFile, "a manifest of 2 GB");
  refused(withByte(30, 'X'), Code::InvalidFile, "a manifest whose sum is wrong");
  const size_t content = text.find("bytes of a");
  refused(withByte(content, 'B'), Code::Integrity, "another content");

  // A part of 2^62 bytes: refused before anything is reserved.
  Manifest manifest;
  manifest.fields = fieldsOf("huge");
  manifest.key = keyFor("huge");
  manifest.parts = {{.name = "object", .bytes = 1ull << 62}};
  auto bundleOf = [](const Manifest &m) {
    const std::string lines = manifestText(m);
    std::string bundle = "tenon cache bundle 1\n";
    for (int i = 0; i < 4; ++i)
      bundle += static_cast<char>(lines.size() >> (8 * i));
    return bundle + lines;
  };
  refused(bundleOf(manifest), Code::Constraint, "a huge part");
  manifest.parts = {{.name = "object", .bytes = 1ull << 63}, {.name = "other", .bytes = 1ull << 63}};
  refused(bundleOf(manifest), Code::Constraint, "sizes that overflow");
  manifest.parts = {{.name = "object", .bytes = 4 << 20, .prefix = 3 << 20}};
  refused(bundleOf(manifest), Code::InvalidFile, "a huge prefix");
}

TEST_F(BundleTest, ExportsWholeEntriesOnly) {
  make();
  Store store = at("from");
  EXPECT_FALSE(exportBundle(store, {keyFor("not there")}, path("other")).isOk());
  overwrite(store.entryPath(keyFor("a"), "object"), "bytes of A");
  EXPECT_FALSE(exportBundle(store, {keyFor("a")}, path("other")).isOk());
  EXPECT_FALSE(fs::exists(path("other")));
  options_.readOnly = true;
  Store closed = at("from");
  EXPECT_FALSE(importBundle(closed, path()).isOk());
}

} // namespace
