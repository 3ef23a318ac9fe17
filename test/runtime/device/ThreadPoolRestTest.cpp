// Workers that are left out and come back, by command instead of by what the machine does.
#include "runtime/device/cpu/ThreadPool.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace tenon::cpu {

struct ThreadPoolTestAccess {
  // Bit w of `resting`: worker w is left out until told otherwise.
  static void setResting(ThreadPool &pool, uint64_t resting) {
    for (unsigned seat = 0; seat < pool.workers(); ++seat)
      pool.roster_.comeBack(seat);
    for (unsigned seat = 0; seat < pool.workers(); ++seat)
      if (resting >> seat & 1)
        pool.roster_.leaveOut(seat, INT64_MAX);
    pool.assign(ThreadPool::Participants::Free);
  }
  static void leaveOutFor(ThreadPool &pool, unsigned seat, int64_t until) {
    pool.roster_.leaveOut(seat, until);
    pool.assign(ThreadPool::Participants::Free);
  }
};

} // namespace tenon::cpu

using namespace tenon;
using namespace tenon::cpu;
using Access = ThreadPoolTestAccess;

namespace {

std::unique_ptr<ThreadPool> makePool(unsigned workers) {
  ThreadPoolOptions options;
  options.workers = workers;
  auto pool = ThreadPool::create(options);
  EXPECT_TRUE(pool.isOk()) << pool.status().message();
  return std::move(*pool);
}

// Each id in [0, expected) once, no other; and which threads they were.
std::vector<std::thread::id> checkRun(ThreadPool &pool, unsigned expected) {
  std::vector<unsigned> calls(pool.workers()), counts(pool.workers()); // plain memory: TSan checks the publication
  std::vector<std::thread::id> threads(pool.workers());
  pool.run([&](uint32_t worker, uint32_t workers) {
    ++calls[worker];
    counts[worker] = workers;
    threads[worker] = std::this_thread::get_id();
  });
  for (unsigned w = 0; w < pool.workers(); ++w) {
    EXPECT_EQ(calls[w], w < expected ? 1u : 0u) << w;
    EXPECT_EQ(counts[w], w < expected ? expected : 0u) << w;
  }
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  threads.resize(expected);
  return threads;
}

void checkResting(ThreadPool &pool, const std::vector<std::thread::id> &everyone, uint64_t resting) {
  Access::setResting(pool, resting);
  ThreadPool::Active step(pool);
  std::vector<std::thread::id> expected;
  for (unsigned w = 0; w < pool.workers(); ++w)
    if (!(resting >> w & 1))
      expected.push_back(everyone[w]);
  expected[0] = everyone[0]; // the caller takes the first free CPU, whose worker rests then
  for (int run = 0; run < 3; ++run)
    EXPECT_EQ(checkRun(pool, unsigned(expected.size())), expected) << "resting " << resting;
}

class ThreadPoolRestTest : public testing::TestWithParam<unsigned> {};

TEST_P(ThreadPoolRestTest, everySetMayRest) {
  const unsigned n = GetParam();
  auto pool = makePool(n);
  const auto everyone = checkRun(*pool, n);
  const uint64_t sets = uint64_t(1) << n;
  // All sets of few workers, some hundred spread over those of many; all workers never rest.
  for (uint64_t resting = 0; resting + 1 < sets; resting += std::max<uint64_t>(1, sets / 251))
    checkResting(*pool, everyone, resting);
  checkResting(*pool, everyone, sets - 2); // the caller alone
  checkResting(*pool, everyone, (sets - 1) / 2);
  checkResting(*pool, everyone, 0);
}

TEST_P(ThreadPoolRestTest, allTakePartOutsideAndOnDemand) {
  const unsigned n = GetParam();
  auto pool = makePool(n);
  EXPECT_EQ(pool->meanTaking(), n);
  Access::setResting(*pool, 2);
  {
    ThreadPool::Active step(*pool);
    checkRun(*pool, n - 1);
    ThreadPool::Active inner(*pool, ThreadPool::Participants::All); // the outer one decides
    checkRun(*pool, n - 1);
  }
  EXPECT_EQ(pool->meanTaking(), n - 1);
  EXPECT_EQ(pool->workers(), n);
  checkRun(*pool, n);
  {
    ThreadPool::Active all(*pool, ThreadPool::Participants::All);
    checkRun(*pool, n);
  }
  ThreadPool::Active step(*pool);
  checkRun(*pool, n - 1);
}

TEST_P(ThreadPoolRestTest, comesBackWhenTheRestIsOver) {
  auto pool = makePool(GetParam());
  Access::leaveOutFor(*pool, 1, 0); // long ago
  ThreadPool::Active step(*pool);
  checkRun(*pool, GetParam());
}

TEST_P(ThreadPoolRestTest, endsWhileSomeRest) {
  for (int round = 0; round < 5; ++round) {
    auto pool = makePool(GetParam());
    Access::setResting(*pool, 2);
    ThreadPool::Active step(*pool);
    checkRun(*pool, GetParam() - 1);
  }
}

// Changes at every run, with no time to settle: late workers see seats and epochs that are over.
TEST_P(ThreadPoolRestTest, survivesQuickChanges) {
  const unsigned n = GetParam();
  auto pool = makePool(n);
  const uint64_t sets = uint64_t(1) << n;
  for (uint64_t round = 0; round < 400; ++round) {
    uint64_t resting = round * 0x9e3779b97f4a7c15u >> (64 - n);
    if (resting == sets - 1)
      continue;
    Access::setResting(*pool, resting);
    ThreadPool::Active step(*pool);
    checkRun(*pool, n - unsigned(__builtin_popcountll(resting)));
  }
}

// Resting workers sleep: outside and inside scopes they use no processor time. Parking takes a moment, so this waits
// for a quiet stretch instead of demanding one.
TEST(ThreadPoolRest, restingWorkersSleep) {
  auto pool = makePool(2);
  clockid_t clock = 0;
  pool->run([&](uint32_t worker, uint32_t) {
    if (worker == 1)
      ASSERT_EQ(pthread_getcpuclockid(pthread_self(), &clock), 0);
  });
  Access::setResting(*pool, 2);
  ThreadPool::Active step(*pool);
  for (;;) {
    int64_t before = CpuShareMeter::readClock(clock);
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    while (std::chrono::steady_clock::now() < until)
      checkRun(*pool, 1);
    if (CpuShareMeter::readClock(clock) == before)
      break; // a spinning worker would use some of every 20 ms
  }
}

TEST(ThreadPoolRest, theCallerGoesToAFreeCpu) {
  unsigned n = unsigned(allowedCpus().size());
  if (n < 2)
    GTEST_SKIP() << "needs two CPUs";
  auto pool = makePool(n);
  ASSERT_TRUE(pool->pinned());
  CpuMask before, after;
  ASSERT_TRUE(getThreadMask(before));
  Access::setResting(*pool, 1);
  std::vector<CpuList> masks(n);
  {
    ThreadPool::Active step(*pool);
    pool->run([&](uint32_t worker, uint32_t) { masks[worker] = allowedCpus(); });
  }
  for (unsigned i = 0; i + 1 < n; ++i)
    EXPECT_THAT(masks[i], testing::ElementsAre(pool->cpus()[i + 1]));
  ASSERT_TRUE(getThreadMask(after));
  EXPECT_EQ(before, after);
}

INSTANTIATE_TEST_SUITE_P(Workers, ThreadPoolRestTest, testing::Values(2, 3, 16));

} // namespace
