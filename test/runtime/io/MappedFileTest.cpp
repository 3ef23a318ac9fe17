#include "runtime/io/MappedFile.h"

#include <cstdio>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace tenon;
using testing::HasSubstr;

namespace {

std::string temporaryPath(const char *name) {
  return testing::TempDir() + "MappedFileTest-" + std::to_string(getpid()) + "-" + name;
}

struct TestFile {
  std::string path;
  TestFile(const char *name, const std::vector<uint8_t> &bytes) : path(temporaryPath(name)) {
    FILE *f = fopen(path.c_str(), "wb");
    EXPECT_EQ(fwrite(bytes.data(), 1, bytes.size(), f), bytes.size());
    fclose(f);
  }
  ~TestFile() { unlink(path.c_str()); }
};

TEST(MappedFile, showsTheBytesOfTheFile) {
  std::vector<uint8_t> content(10000);
  std::iota(content.begin(), content.end(), 0);
  TestFile file("content", content);
  auto mapped = io::MappedFile::open(file.path);
  ASSERT_TRUE(mapped.isOk()) << mapped.status().message();
  EXPECT_EQ(mapped->size(), content.size());
  EXPECT_TRUE(std::equal(content.begin(), content.end(), mapped->bytes().begin(), mapped->bytes().end()));

  io::MappedFile moved = std::move(*mapped);
  EXPECT_EQ(moved.bytes()[9999], content[9999]);
  EXPECT_EQ(moved.path(), file.path);

  std::vector<uint8_t> part(300);
  ASSERT_TRUE(moved.read(9700, part).isOk());
  EXPECT_TRUE(std::equal(part.begin(), part.end(), content.begin() + 9700));
}

TEST(MappedFile, refusesRangesOutsideTheFile) {
  TestFile file("ranges", std::vector<uint8_t>(100));
  auto mapped = io::MappedFile::open(file.path);
  ASSERT_TRUE(mapped.isOk());
  std::vector<uint8_t> out(50);
  EXPECT_TRUE(mapped->read(50, out).isOk());
  EXPECT_EQ(mapped->read(51, out).code(), Code::InvalidFile);
  EXPECT_EQ(mapped->read(UINT64_MAX - 10, out).code(), Code::InvalidFile);

  // Shortened behind our back: an error, not a signal.
  ASSERT_EQ(truncate(file.path.c_str(), 60), 0);
  Status status = mapped->read(50, out);
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("ends at 60"));
}

TEST(MappedFile, anEmptyFileIsEmpty) {
  TestFile file("empty", {});
  auto mapped = io::MappedFile::open(file.path);
  ASSERT_TRUE(mapped.isOk()) << mapped.status().message();
  EXPECT_TRUE(mapped->bytes().empty());
}

TEST(MappedFile, saysWhichFileIsMissing) {
  auto mapped = io::MappedFile::open("/nonexistent/model.safetensors");
  ASSERT_FALSE(mapped.isOk());
  EXPECT_EQ(mapped.status().code(), Code::InvalidFile);
  EXPECT_THAT(mapped.status().message(), HasSubstr("'/nonexistent/model.safetensors': No such file or directory"));
}

TEST(MappedFile, refusesWhatIsNotARegularFile) {
  auto folder = io::MappedFile::open("/");
  ASSERT_FALSE(folder.isOk());
  EXPECT_EQ(folder.status().code(), Code::InvalidFile);
  EXPECT_THAT(folder.status().message(), HasSubstr("found a directory"));

  auto device = io::MappedFile::open("/dev/zero");
  ASSERT_FALSE(device.isOk());
  EXPECT_THAT(device.status().message(), HasSubstr("found a device"));

  // A pipe without a writer would block a plain open for ever.
  std::string pipe = temporaryPath("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  auto mapped = io::MappedFile::open(pipe);
  unlink(pipe.c_str());
  ASSERT_FALSE(mapped.isOk());
  EXPECT_THAT(mapped.status().message(), HasSubstr("found a pipe"));
}

TEST(MappedFile, closesItsDescriptor) {
  TestFile file("descriptor", std::vector<uint8_t>(10));
  int before = dup(0);
  close(before); // the lowest free descriptor
  {
    auto mapped = io::MappedFile::open(file.path);
    ASSERT_TRUE(mapped.isOk());
    EXPECT_NE(fcntl(before, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(fcntl(before, F_GETFD), -1);
}

} // namespace
