#include "compiler/cache/Sources.h"

#include "compiler/cache/FileDigest.h"
#include "test/compiler/cache/StoreFixture.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

using namespace tenon;
using namespace tenon::cache;

namespace fs = std::filesystem;

namespace {

class SourcesTest : public StoreTest {
protected:
  std::string write(const std::string &name, const std::string &text) {
    fs::create_directories(folder_ + "/model");
    const std::string path = folder_ + "/model/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  // Old enough to be remembered. The time of the last change of the file itself cannot be set, only waited for.
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(2100)); }

  static Digest digest(Store *store, const std::string &path) {
    auto file = io::MappedFile::open(path);
    EXPECT_TRUE(file.isOk());
    auto result = readSource(store, *file, 2);
    EXPECT_TRUE(result.isOk()) << result.status().message();
    return result->digest;
  }
  // By definition: pieces of 8 MiB.
  static Digest digestOfText(const std::string &text) {
    llvm::BLAKE3 all;
    for (size_t at = 0; at < text.size(); at += 8 << 20)
      all.update(llvm::BLAKE3::hash<32>(llvm::arrayRefFromStringRef(text.substr(at, 8 << 20))));
    return all.final<32>();
  }
  static size_t records(const Store &store) {
    size_t count = 0;
    std::error_code error;
    for (const auto &entry : fs::recursive_directory_iterator(store.root() + "/sources", error))
      count += entry.is_regular_file();
    return count;
  }
};

TEST_F(SourcesTest, RemembersSettledFilesOnly) {
  Store store = open();
  const std::string path = write("a", "content");
  EXPECT_EQ(digest(&store, path), digestOfText("content"));
  EXPECT_EQ(records(store), 0u) << "it may change again within the clock's grain";
  settle();
  EXPECT_EQ(digest(&store, path), digestOfText("content"));
  EXPECT_EQ(records(store), 1u);
  EXPECT_EQ(digest(&store, path), digestOfText("content"));

  // The same size and the same modification time, and yet another file.
  struct stat before;
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  write("a", "CONTENT");
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_EQ(digest(&store, path), digestOfText("CONTENT"));
  EXPECT_EQ(collectSources(store), 1u);
  EXPECT_EQ(records(store), 0u);
}

TEST_F(SourcesTest, IgnoresDamagedRecords) {
  Store store = open();
  const std::string path = write("a", "content");
  settle();
  ASSERT_EQ(digest(&store, path), digestOfText("content"));
  std::string record;
  for (const auto &entry : fs::recursive_directory_iterator(store.root() + "/sources"))
    if (entry.is_regular_file())
      record = entry.path().string();
  const std::string whole = read(record);
  for (size_t at = 0; at < whole.size(); at += 9) {
    std::string flipped = whole;
    flipped[at] ^= 1;
    overwrite(record, flipped);
    ASSERT_EQ(digest(&store, path), digestOfText("content")) << at;
  }
}

// Bytes that were packed from a file that changed meanwhile must not be stored under its digest.
TEST_F(SourcesTest, SeesChangesOfFreshAndOldFiles) {
  const std::string path = write("a", "content");
  auto file = io::MappedFile::open(path);
  ASSERT_TRUE(file.isOk());
  auto fresh = readSource(nullptr, *file, 1);
  ASSERT_TRUE(fresh.isOk());
  EXPECT_FALSE(fresh->settled);
  EXPECT_TRUE(isUnchanged(*fresh, *file, 1));
  SourceState other = *fresh; // as if the times had not moved with the bytes
  other.digest[0] ^= 1;
  EXPECT_FALSE(isUnchanged(other, *file, 1));
  settle();
  auto old = readSource(nullptr, *file, 1);
  ASSERT_TRUE(old.isOk());
  EXPECT_TRUE(old->settled);
  EXPECT_TRUE(isUnchanged(*old, *file, 1));
  write("a", "CONTENT");
  EXPECT_FALSE(isUnchanged(*old, *file, 1));
  EXPECT_FALSE(isUnchanged(*fresh, *file, 1));
}

TEST_F(SourcesTest, DoesWithoutAStore) {
  const std::string text(30u << 20, 'w');
  EXPECT_EQ(digest(nullptr, write("a", text)), digestOfText(text));
  EXPECT_EQ(digest(nullptr, write("empty", "")), digestOfText(""));
}

} // namespace
