#include "compiler/cache/Folder.h"
#include "test/compiler/cache/StoreFixture.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

using namespace tenon;
using namespace tenon::cache;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

namespace fs = std::filesystem;

namespace {

TEST_F(StoreTest, FindsWhatWasPublished) {
  Store store = open();
  EXPECT_EQ(get(store, "a"), std::nullopt);
  ASSERT_TRUE(put(store, "a", "bytes of a").isOk());
  EXPECT_THAT(get(store, "a"), Optional(std::string("bytes of a")));
  EXPECT_EQ(get(store, "a", Kind::Engine), std::nullopt);
  EXPECT_EQ(get(store, "b"), std::nullopt);
  Store other = open(); // as another process sees it
  EXPECT_THAT(get(other, "a"), Optional(std::string("bytes of a")));
  EXPECT_THAT(warnings_, IsEmpty());
  // Nothing but the two files: no lock, no temporary.
  size_t files = 0;
  for (const auto &entry : fs::recursive_directory_iterator(store.root()))
    files += entry.is_regular_file();
  EXPECT_EQ(files, 2u);
  EXPECT_TRUE(fs::exists(folder_ + "/CACHEDIR.TAG"));
  struct stat info;
  ASSERT_EQ(stat(store.entryPath(keyFor("a"), "object").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0444u);
}

// A bit of every byte of every file of an entry.
TEST_F(StoreTest, QuarantinesFlippedBits) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "some bytes").isOk());
  const std::string object = store.entryPath(keyFor("a"), "object"),
                    manifest = store.entryPath(keyFor("a"), "manifest");
  const std::string whole[2] = {read(object), read(manifest)};
  for (const int file : {0, 1})
    for (size_t at = 0; at < whole[file].size(); ++at) {
      overwrite(object, whole[0]);
      overwrite(manifest, whole[1]);
      std::string flipped = whole[file];
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      overwrite(file == 0 ? object : manifest, flipped);
      ASSERT_EQ(get(store, "a"), std::nullopt) << "file " << file << ", byte " << at;
      ASSERT_FALSE(fs::exists(manifest)) << "damaged entries move away";
    }
  EXPECT_THAT(warnings_.back(), HasSubstr("is damaged and counts as missing"));
  EXPECT_FALSE(fs::is_empty(store.root() + "/quarantine"));
  ASSERT_TRUE(put(store, "a", "some bytes").isOk());
  EXPECT_THAT(get(store, "a"), Optional(std::string("some bytes")));
}

TEST_F(StoreTest, CountsEntriesWithoutPartsOrManifestAsMissing) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  fs::remove(store.entryPath(keyFor("a"), "object"));
  EXPECT_EQ(get(store, "a"), std::nullopt);
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  fs::remove(store.entryPath(keyFor("a"), "manifest"));
  EXPECT_EQ(get(store, "a"), std::nullopt);
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  overwrite(store.entryPath(keyFor("a"), "object"), "aaaa");
  EXPECT_EQ(get(store, "a"), std::nullopt);
}

// The manifest of one key under the name of another: a false hit in the making.
TEST_F(StoreTest, RefusesAnotherEntrysManifest) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  ASSERT_TRUE(put(store, "b", "bbb").isOk());
  for (const char *suffix : {"object", "manifest"})
    fs::copy_file(store.entryPath(keyFor("a"), suffix), store.entryPath(keyFor("b"), suffix),
                  fs::copy_options::overwrite_existing);
  EXPECT_EQ(get(store, "b"), std::nullopt);
  EXPECT_THAT(warnings_.back(), HasSubstr("that of another entry"));
}

TEST_F(StoreTest, UsesAnEntryThatWasCopiedOrTouched) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  const std::string object = store.entryPath(keyFor("a"), "object");
  fs::copy_file(object, object + "2");
  fs::rename(object + "2", object); // another inode, as after a backup
  EXPECT_THAT(get(store, "a"), Optional(std::string("aaa")));
  const auto manifest = store.readManifest(keyFor("a"));
  struct stat info;
  ASSERT_EQ(stat(object.c_str(), &info), 0);
  ASSERT_TRUE(manifest.isOk());
  EXPECT_EQ(manifest->parts[0].stamp.inode, info.st_ino) << "the new stamp is recorded";
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StoreTest, ReadOnlyStoresNothingAndTouchesNothing) {
  {
    Store store = open();
    ASSERT_TRUE(put(store, "a", "aaa").isOk());
    ASSERT_TRUE(put(store, "b", "bbb").isOk());
    overwrite(store.entryPath(keyFor("b"), "object"), "bxb");
  }
  options_.readOnly = true;
  Store store = open();
  const auto before = fs::last_write_time(store.entryPath(keyFor("a"), "manifest"));
  EXPECT_THAT(get(store, "a"), Optional(std::string("aaa")));
  EXPECT_EQ(fs::last_write_time(store.entryPath(keyFor("a"), "manifest")), before);
  EXPECT_EQ(get(store, "b"), std::nullopt);
  EXPECT_TRUE(fs::exists(store.entryPath(keyFor("b"), "manifest"))) << "left where it is";
  EXPECT_FALSE(put(store, "c", "ccc").isOk());
  EXPECT_FALSE(store.remove(keyFor("a")));
  EXPECT_FALSE(store.accepts(1));
}

TEST_F(StoreTest, RefusesFoldersThatOthersCanWrite) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::others_write, fs::perm_options::add);
  auto store = Store::open(options_);
  ASSERT_FALSE(store.isOk());
  EXPECT_THAT(store.status().message(), HasSubstr("everybody may write"));
}

TEST_F(StoreTest, RefusesForeignFolders) {
  if (geteuid() != 0)
    GTEST_SKIP() << "only root can give a folder away";
  fs::create_directories(folder_);
  ASSERT_EQ(chown(folder_.c_str(), 12345, 12345), 0);
  auto store = Store::open(options_);
  ASSERT_FALSE(store.isOk());
  EXPECT_THAT(store.status().message(), HasSubstr("belongs to user 12345"));
}

TEST_F(StoreTest, RefusesWhatIsNoFolder) {
  std::ofstream(folder_) << "a file";
  EXPECT_FALSE(Store::open(options_).isOk());
  options_.folder = "/proc/nowhere/cache";
  EXPECT_FALSE(Store::open(options_).isOk());
}

TEST_F(StoreTest, WaitsForALockAndThenGivesUp) {
  Store store = open();
  const auto held = store.lock(keyFor("a"));
  ASSERT_TRUE(held);
  Store other = open();
  EXPECT_FALSE(other.lock(keyFor("a")));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("goes on without the cache")));
  EXPECT_TRUE(other.lock(keyFor("b")));
}

// Who is at work on a key is not disturbed.
TEST_F(StoreTest, LeavesAloneWhatIsBeingMade) {
  Store store = open();
  ASSERT_TRUE(put(store, "a", "aaa").isOk());
  overwrite(store.entryPath(keyFor("a"), "object"), "xxx");
  const auto held = store.lock(keyFor("a"));
  ASSERT_TRUE(held);
  EXPECT_EQ(get(store, "a"), std::nullopt);
  EXPECT_TRUE(fs::exists(store.entryPath(keyFor("a"), "manifest")));
  EXPECT_FALSE(store.remove(keyFor("a")));
}

TEST_F(StoreTest, LargePartsAreFilesWithAPrefix) {
  Store store = open();
  const Key key = keyFor("w", Kind::Weights);
  auto lock = store.lock(key);
  ASSERT_TRUE(lock);
  const std::vector<uint8_t> prefix(4096, 1), rest(5 << 20, 2);
  auto file = store.createPart(key, "tnw", prefix.size() + rest.size());
  ASSERT_TRUE(file.isOk());
  ASSERT_TRUE(file->write(0, prefix).isOk() && file->write(4096, rest).isOk());
  NewPart part{.name = "tnw",
               .file = *std::move(file),
               .size = prefix.size() + rest.size(),
               .prefix = 4096,
               .prefixDigest = digestOf(prefix),
               .digest = treeDigest(rest)};
  ASSERT_TRUE(store.publish(*lock, key, fieldsOf("w"), {}, {&part, 1}).isOk());
  lock.reset();
  ASSERT_TRUE(store.find(key, fieldsOf("w")));
  // Damage in either part is found.
  for (const size_t at : {size_t(100), size_t(3 << 20)}) {
    const std::string path = store.entryPath(key, "tnw"), whole = read(path);
    std::string flipped = whole;
    flipped[at] ^= 1;
    overwrite(path, flipped);
    EXPECT_FALSE(store.verify(key)) << at;
    EXPECT_FALSE(store.find(key, fieldsOf("w")));
    fs::rename(store.root() + "/quarantine/weights-" + key.hex + ".manifest", store.entryPath(key, "manifest"));
    overwrite(store.root() + "/quarantine/weights-" + key.hex + ".tnw", whole);
    fs::rename(store.root() + "/quarantine/weights-" + key.hex + ".tnw", path);
    EXPECT_TRUE(store.find(key, fieldsOf("w")));
  }
}

// The clock of a file system is not to be trusted.
TEST_F(StoreTest, TimesInThePastAndTheFutureMakeNoDifference) {
  Store store = open();
  for (const time_t seconds : {time_t(0), time_t(1) << 33, time_t(-1000000)}) {
    ASSERT_TRUE(put(store, "a", "aaa").isOk());
    const timespec times[2] = {{seconds, 5}, {seconds, 5}};
    for (const char *suffix : {"object", "manifest"})
      ASSERT_EQ(utimensat(AT_FDCWD, store.entryPath(keyFor("a"), suffix).c_str(), times, 0), 0);
    EXPECT_THAT(get(store, "a"), Optional(std::string("aaa"))) << seconds;
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST(ChooseFolder, AsksTheFlagThenTheEnvironment) {
  const char *names[] = {"TENON_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
  std::map<std::string, std::string> saved;
  for (const char *name : names)
    if (const char *value = getenv(name))
      saved[name] = value;
  setenv("TENON_CACHE_DIR", "/t", 1);
  setenv("XDG_CACHE_HOME", "/x", 1);
  setenv("HOME", "/h", 1);
  EXPECT_EQ(chooseFolder("/f"), "/f");
  EXPECT_EQ(chooseFolder("off"), "");
  EXPECT_EQ(chooseFolder(""), "/t");
  setenv("TENON_CACHE_DIR", "off", 1);
  EXPECT_EQ(chooseFolder(""), "");
  unsetenv("TENON_CACHE_DIR");
  EXPECT_EQ(chooseFolder(""), "/x/tenon");
  setenv("XDG_CACHE_HOME", "relative", 1); // to be ignored, by its specification
  EXPECT_EQ(chooseFolder(""), "/h/.cache/tenon");
  unsetenv("HOME");
  EXPECT_EQ(chooseFolder(""), "");
  for (const char *name : names)
    saved.contains(name) ? setenv(name, saved[name].c_str(), 1) : unsetenv(name);
}

// Whatever the umask, what the cache makes it can use: nobody else may write to it.
TEST_F(StoreTest, FoldersAreOursUnderAnyUmask) {
  const mode_t before = umask(0);
  {
    Store store = open();
    EXPECT_TRUE(put(store, "a", "bytes").isOk());
  }
  EXPECT_TRUE(Store::open(options_).isOk());
  umask(before);
  struct stat info = {};
  ASSERT_EQ(stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  for (const auto &inside : std::filesystem::recursive_directory_iterator(folder_))
    if (inside.is_directory()) {
      ASSERT_EQ(stat(inside.path().c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 07777, 0755u) << inside.path();
    }
}

} // namespace
