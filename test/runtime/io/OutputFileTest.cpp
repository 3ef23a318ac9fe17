#include "runtime/io/OutputFile.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tenon;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

// An empty folder per test, removed at its end.
class OutputFileTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "OutputFileTest-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string at(const char *name) const { return folder + "/" + name; }
  std::string content(const std::string &path) const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t entries() const { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

  std::string folder;
};

TEST_F(OutputFileTest, appearsOnlyWhenCommitted) {
  auto file = io::OutputFile::create(at("out"), 5);
  ASSERT_TRUE(file.isOk()) << file.status().message();
  ASSERT_TRUE(file->write(0, bytesOf("hello")).isOk());
  EXPECT_FALSE(fs::exists(at("out")));
  EXPECT_EQ(entries(), 1u); // the temporary, in the same folder
  ASSERT_TRUE(file->commit().isOk());
  EXPECT_EQ(content(at("out")), "hello");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, leavesTheOldFileWhenAbandoned) {
  std::ofstream(at("out")) << "old";
  {
    auto file = io::OutputFile::create(at("out"), 0);
    ASSERT_TRUE(file.isOk());
    ASSERT_TRUE(file->write(0, bytesOf("new")).isOk());
    io::OutputFile moved = std::move(*file);
    EXPECT_EQ(entries(), 2u);
  }
  EXPECT_EQ(content(at("out")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, replacesTheOldFileAndFollowsLinks) {
  std::ofstream(at("real")) << "old";
  fs::create_symlink("real", at("link"));
  auto file = io::OutputFile::create(at("link"), 0);
  ASSERT_TRUE(file.isOk());
  ASSERT_TRUE(file->write(0, bytesOf("new")).isOk());
  ASSERT_TRUE(file->commit().isOk());
  EXPECT_EQ(content(at("real")), "new");
  EXPECT_TRUE(fs::is_symlink(at("link")));
}

TEST_F(OutputFileTest, manyThreadsWriteTheirParts) {
  constexpr size_t kThreads = 8, kPart = 100001;
  auto file = io::OutputFile::create(at("out"), kThreads * kPart);
  ASSERT_TRUE(file.isOk());
  std::vector<std::thread> threads;
  std::vector<int> good(kThreads);
  for (size_t t = 0; t < kThreads; ++t)
    threads.emplace_back(
        [&, t] { good[t] = file->write(t * kPart, bytesOf(std::string(kPart, char('a' + t)))).isOk(); });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, std::vector<int>(kThreads, 1));
  ASSERT_TRUE(file->commit().isOk());
  std::string expected;
  for (size_t t = 0; t < kThreads; ++t)
    expected += std::string(kPart, char('a' + t));
  EXPECT_EQ(content(at("out")), expected);
}

TEST_F(OutputFileTest, resizes) {
  auto file = io::OutputFile::create(at("out"), 1000);
  ASSERT_TRUE(file.isOk());
  ASSERT_TRUE(file->write(0, bytesOf("abcdef")).isOk());
  ASSERT_TRUE(file->resize(3).isOk());
  ASSERT_TRUE(file->commit().isOk());
  EXPECT_EQ(content(at("out")), "abc");
}

TEST_F(OutputFileTest, refusesNamesThatAreNoFiles) {
  for (const std::string &path : {folder, folder + "/", std::string("/dev/null"), std::string("")}) {
    auto file = io::OutputFile::create(path, 0);
    ASSERT_FALSE(file.isOk()) << path;
    EXPECT_EQ(file.status().code(), Code::Usage) << file.status().message();
  }
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  std::ofstream(at("file")) << "text";
  for (const char *path : {"no/such/folder/out", "file/out", "file/in/out"}) {
    auto file = io::OutputFile::create(at(path), 0);
    ASSERT_FALSE(file.isOk()) << path;
    EXPECT_EQ(file.status().code(), Code::Usage);
    EXPECT_THAT(file.status().message(), HasSubstr("there is no folder '" + fs::path(at(path)).parent_path().string()));
    EXPECT_EQ(io::checkOutput(at(path), {}).message(), file.status().message());
  }
  auto file = io::OutputFile::create(folder + "/" + std::string(300, 'n'), 0);
  ASSERT_FALSE(file.isOk());
  EXPECT_EQ(file.status().code(), Code::Usage) << file.status().message();
  EXPECT_EQ(content(at("file")), "text");
}

// More than any disk holds: found at create, with both numbers, and nothing is left behind.
TEST_F(OutputFileTest, saysHowMuchSpaceIsMissing) {
  auto file = io::OutputFile::create(at("out"), uint64_t(1) << 52);
  ASSERT_FALSE(file.isOk());
  EXPECT_EQ(file.status().code(), Code::Resource);
  EXPECT_THAT(file.status().message(), HasSubstr("needed 4503599627370496 bytes"));
  EXPECT_THAT(file.status().message(), HasSubstr("bytes are free in '"));
  EXPECT_EQ(entries(), 0u);
}

// A limit that strikes in the middle of a write behaves as a full disk does.
TEST_F(OutputFileTest, reportsAWriteThatDoesNotFit) {
  struct rlimit old, small;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 1000;
  auto ignored = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    auto file = io::OutputFile::create(at("out"), 0);
    ASSERT_TRUE(file.isOk());
    Status status = file->write(0, bytesOf(std::string(2000, 'x')));
    EXPECT_EQ(status.code(), Code::Resource);
    EXPECT_THAT(status.message(), HasSubstr("needed 1000 bytes"));
  }
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, ignored);
  EXPECT_EQ(entries(), 0u);
}

// The child opens an output file and waits; the signal must end it with the signal's own status and leave no file.
class InterruptTest : public OutputFileTest, public testing::WithParamInterface<int> {};

TEST_P(InterruptTest, leavesNothingBehind) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    signal(GetParam(), SIG_DFL); // a shell's background job inherits an ignored SIGINT
    io::removeTemporariesOnSignals();
    auto first = io::OutputFile::create(at("first"), 100);
    auto second = io::OutputFile::create(at("second"), 100);
    char byte = first.isOk() && second.isOk();
    (void)!write(ready[1], &byte, 1);
    for (;;)
      pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 1);
  EXPECT_EQ(entries(), 2u);
  kill(child, GetParam());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), GetParam());
  EXPECT_EQ(entries(), 0u);
  close(ready[0]);
  close(ready[1]);
}
INSTANTIATE_TEST_SUITE_P(Signals, InterruptTest, testing::Values(SIGINT, SIGTERM, SIGHUP));

// A forked child (on its way to exec) must not remove its parent's temporaries.
TEST_F(OutputFileTest, aForkedChildLeavesTheParentsFilesAlone) {
  auto file = io::OutputFile::create(at("out"), 0);
  ASSERT_TRUE(file.isOk());
  pid_t child = fork();
  if (child == 0) {
    io::removeAllTemporaries();
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(entries(), 1u);
  ASSERT_TRUE(file->commit().isOk());
  EXPECT_TRUE(fs::exists(at("out")));
}

TEST(Temporaries, theTableHasAnEnd) {
  std::vector<io::TemporaryRegistration> held;
  for (int i = 0; i < 256; ++i)
    held.emplace_back("/nonexistent/" + std::to_string(i));
  EXPECT_TRUE(held.back().isHeld());
  EXPECT_FALSE(io::TemporaryRegistration("/nonexistent/one-too-many").isHeld());
  held.pop_back();
  EXPECT_TRUE(io::TemporaryRegistration("/nonexistent/fits-again").isHeld());
}

} // namespace
