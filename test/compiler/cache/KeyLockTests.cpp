#include "compiler/cache/KeyLock.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tenon;
using namespace tenon::cache;
using namespace std::chrono_literals;

namespace {

std::string lockPath() {
  return testing::TempDir() + "tenon-lock-" + std::to_string(getpid()) + "-" +
         testing::UnitTest::GetInstance()->current_test_info()->name();
}

TEST(KeyLock, IsHeldByOneAndLeavesNothing) {
  const std::string path = lockPath();
  {
    auto first = KeyLock::acquire(path, 0ms);
    ASSERT_TRUE(first.isOk() && *first);
    const auto start = std::chrono::steady_clock::now();
    auto second = KeyLock::acquire(path, 30ms);
    EXPECT_TRUE(second.isOk() && !*second);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  auto again = KeyLock::acquire(path, 0ms);
  EXPECT_TRUE(again.isOk() && *again);
}

// The file goes away with each release, under the feet of those that wait.
TEST(KeyLock, NeverHasTwoHolders) {
  const std::string path = lockPath();
  std::atomic<int> holders{0}, acquired{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 40; ++turn) {
        auto lock = KeyLock::acquire(path, 20s);
        ASSERT_TRUE(lock.isOk() && *lock);
        EXPECT_EQ(holders.fetch_add(1), 0);
        ++acquired;
        std::this_thread::yield();
        holders.fetch_sub(1);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(acquired.load(), 320);
}

TEST(KeyLock, SaysWhyItCannotBeMade) {
  auto lock = KeyLock::acquire("/nonexistent/folder/lock", 0ms);
  ASSERT_FALSE(lock.isOk());
  EXPECT_NE(lock.status().message().find("/nonexistent/folder/lock"), std::string::npos);
}

} // namespace
