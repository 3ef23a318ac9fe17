#include "runtime/device/cpu/ThreadPool.h"

#include <alloca.h>
#include <chrono>
#include <csignal>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <pthread.h>
#include <sys/resource.h>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::cpu;
using testing::HasSubstr;

namespace {

std::unique_ptr<ThreadPool> makePool(unsigned workers, bool pin = true) {
  ThreadPoolOptions options;
  options.workers = workers;
  options.pin = pin;
  auto pool = ThreadPool::create(options);
  EXPECT_TRUE(pool.isOk()) << pool.status().message();
  return std::move(*pool);
}

// Counts far above the CPUs of a small machine as well: the pool must make progress when its threads take turns.
class ThreadPoolTest : public testing::TestWithParam<unsigned> {};

TEST_P(ThreadPoolTest, callsEveryWorkerOnceAndWaitsForAll) {
  auto pool = makePool(GetParam());
  ASSERT_EQ(pool->workers(), GetParam());
  std::vector<unsigned> calls(pool->workers()); // plain memory: TSan checks the publication
  unsigned expected = 0;
  auto body = [&](uint32_t worker, uint32_t workers) {
    ASSERT_EQ(workers, calls.size());
    calls[worker] = expected + 1;
  };
  for (int run = 0; run < 300; ++run) {
    pool->run(body);
    ++expected;
    ASSERT_EQ(calls, std::vector<unsigned>(pool->workers(), expected));
  }
  ThreadPool::Active step(*pool);
  for (int run = 0; run < 1000; ++run) {
    pool->run(body);
    ++expected;
    ASSERT_EQ(calls, std::vector<unsigned>(pool->workers(), expected));
  }
}

TEST_P(ThreadPoolTest, wakesFromItsSleep) {
  auto pool = makePool(GetParam());
  std::atomic<unsigned> sum{0};
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3)); // beyond the idle patience: workers park
    pool->run([&](uint32_t worker, uint32_t) { sum += worker + 1; });
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    ThreadPool::Active outer(*pool); // wakes them ahead of the first run
    ThreadPool::Active inner(*pool);
    pool->run([&](uint32_t worker, uint32_t) { sum += worker + 1; });
  }
  unsigned n = GetParam();
  EXPECT_EQ(sum, 10 * n * (n + 1) / 2);
}

TEST_P(ThreadPoolTest, everyTaskSeesWhatEarlierTasksWrote) {
  auto pool = makePool(GetParam());
  unsigned n = pool->workers();
  std::vector<uint64_t> now(n), next(n);
  std::iota(now.begin(), now.end(), 0);
  ThreadPool::Active step(*pool);
  // Each round passes every value to the next worker; after n rounds all are back.
  for (unsigned round = 0; round < n; ++round) {
    pool->run([&](uint32_t worker, uint32_t workers) { next[(worker + 1) % workers] = now[worker]; });
    now.swap(next);
  }
  for (unsigned i = 0; i < n; ++i)
    EXPECT_EQ(now[i], i);
}

INSTANTIATE_TEST_SUITE_P(Workers, ThreadPoolTest, testing::Values(1, 2, 3, 16, 64));

TEST(ThreadPool, startsAndEndsWithoutWork) {
  for (int i = 0; i < 20; ++i)
    makePool(1 + i % 5);
}

TEST(ThreadPool, runsPlainFunctions) {
  auto pool = makePool(3);
  uint32_t seen[3] = {};
  pool->run(
      [](void *context, uint32_t worker, uint32_t workers) { static_cast<uint32_t *>(context)[worker] = workers; },
      static_cast<void *>(seen));
  EXPECT_THAT(seen, testing::ElementsAre(3, 3, 3));
}

TEST(ThreadPool, defaultsToAtMostTheAllowedCpus) {
  auto pool = ThreadPool::create();
  ASSERT_TRUE(pool.isOk());
  EXPECT_GE((*pool)->workers(), 1u);
  EXPECT_LE((*pool)->workers(), allowedCpus().size());
  EXPECT_TRUE((*pool)->pinned());
  EXPECT_EQ((*pool)->cpus().size(), (*pool)->workers());
}

TEST(ThreadPool, pinsWorkersAndGivesTheCallerItsMaskBack) {
  auto pool = makePool(static_cast<unsigned>(allowedCpus().size()));
  CpuMask before, after;
  ASSERT_TRUE(getThreadMask(before));
  std::vector<CpuList> masks(pool->workers());
  {
    ThreadPool::Active step(*pool);
    pool->run([&](uint32_t worker, uint32_t) { masks[worker] = allowedCpus(); });
  }
  for (unsigned i = 0; i < pool->workers(); ++i)
    EXPECT_THAT(masks[i], testing::ElementsAre(pool->cpus()[i]));
  ASSERT_TRUE(getThreadMask(after));
  EXPECT_EQ(before, after);
}

TEST(ThreadPool, unpinnedWorkersMayRunAnywhereInTheirSet) {
  auto pool = makePool(2, /*pin=*/false);
  EXPECT_FALSE(pool->pinned());
  CpuList mask;
  pool->run([&](uint32_t worker, uint32_t) {
    if (worker == 1)
      mask = allowedCpus();
  });
  EXPECT_EQ(mask, allowedCpus());
}

TEST(ThreadPool, takesAListOfCpus) {
  ThreadPoolOptions options;
  options.cpus = {allowedCpus().back()};
  auto pool = ThreadPool::create(options);
  ASSERT_TRUE(pool.isOk());
  EXPECT_EQ((*pool)->workers(), 1u);
  options.workers = 2; // two workers share the one CPU
  auto two = ThreadPool::create(options);
  ASSERT_TRUE(two.isOk());
  EXPECT_FALSE((*two)->pinned());
  CpuList mask;
  (*two)->run([&](uint32_t worker, uint32_t) {
    if (worker == 1)
      mask = allowedCpus();
  });
  EXPECT_EQ(mask, options.cpus);
}

TEST(ThreadPool, refusesImpossibleOptions) {
  ThreadPoolOptions options;
  options.workers = ThreadPool::kMaxWorkers + 1;
  auto tooMany = ThreadPool::create(options);
  ASSERT_FALSE(tooMany.isOk());
  EXPECT_EQ(tooMany.status().code(), Code::Usage);
  options.workers = 0;
  options.cpus = {kMaxCpus - 1};
  auto noSuchCpu = ThreadPool::create(options);
  ASSERT_FALSE(noSuchCpu.isOk());
  EXPECT_EQ(noSuchCpu.status().code(), Code::Usage);
  EXPECT_THAT(noSuchCpu.status().message(), HasSubstr("CPU 8191 is not among"));
}

// Kernels take their scratch from the stack.
TEST(ThreadPool, workersHaveRoomOnTheirStacks) {
  auto pool = makePool(3);
  std::vector<int> good(3);
  pool->run([&](uint32_t worker, uint32_t) {
    constexpr size_t kBytes = size_t(4) << 20;
    volatile char *scratch = static_cast<volatile char *>(alloca(kBytes));
    for (size_t i = 0; i < kBytes; i += 4096)
      scratch[i] = char(worker + 1);
    good[worker] = scratch[kBytes - 4096] == char(worker + 1);
  });
  EXPECT_EQ(good, std::vector<int>(3, 1));
}

TEST(ThreadPool, workersTakeNoSignalsButFaults) {
  auto pool = makePool(2);
  int interrupt = -1, terminate = -1, fault = -1;
  pool->run([&](uint32_t worker, uint32_t) {
    if (worker != 1)
      return;
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, nullptr, &set);
    interrupt = sigismember(&set, SIGINT);
    terminate = sigismember(&set, SIGTERM);
    fault = sigismember(&set, SIGSEGV);
  });
  EXPECT_EQ(interrupt, 1);
  EXPECT_EQ(terminate, 1);
  EXPECT_EQ(fault, 0);
  sigset_t own;
  pthread_sigmask(SIG_BLOCK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGINT), 0);
}

TEST(ThreadPool, mayMoveToAnotherThread) {
  auto pool = makePool(2);
  unsigned total = 0;
  std::thread other([&] {
    ThreadPool::Active step(*pool);
    std::atomic<unsigned> sum{0};
    pool->run([&](uint32_t, uint32_t) { ++sum; });
    total = sum;
  });
  other.join();
  std::atomic<unsigned> sum{0};
  pool->run([&](uint32_t, uint32_t) { ++sum; });
  EXPECT_EQ(total + sum, 4u);
}

// Another program on every CPU of a pool, as long as it lives.
class BusyNeighbours {
public:
  explicit BusyNeighbours(const ThreadPool &pool) {
    for (unsigned cpu : pool.cpus())
      threads.emplace_back([this, cpu] {
        CpuMask own;
        CPU_SET_S(cpu, sizeof own.parts, own.parts);
        setThreadMask(own);
        while (!stop.load(std::memory_order_relaxed)) {
        }
      });
  }
  ~BusyNeighbours() {
    stop = true;
    for (std::thread &thread : threads)
      thread.join();
  }

private:
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
};

long sleepsOfThisThread() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// Who spends its slices of time on waiting gets none when there is work.
TEST(ThreadPool, sleepsWhereOthersWantTheCpu) {
  using namespace std::chrono_literals;
  auto pool = makePool(2);
  BusyNeighbours neighbours(*pool);
  for (uint32_t late : {0, 1}) {
    long first = 0, last = 0;
    unsigned done = 0;
    ThreadPool::Active step(*pool, ThreadPool::Participants::All);
    for (int i = 0; i < 20; ++i)
      pool->run([&](uint32_t worker, uint32_t) {
        if (worker == late) {
          auto end = std::chrono::steady_clock::now() + 10ms;
          while (std::chrono::steady_clock::now() < end) {
          }
          ++done;
          return;
        }
        last = sleepsOfThisThread();
        if (i == 0)
          first = last;
      });
    EXPECT_EQ(done, 20u);
    EXPECT_GT(last, first) << "worker " << 1 - late << " waited for worker " << late;
  }
}

TEST(Share, partsCoverTheWholeInOrder) {
  for (uint64_t total : {0, 1, 5, 64, 1000, 4097})
    for (uint32_t workers : {1, 2, 3, 16, 64})
      for (uint64_t grain : {1, 4, 64}) {
        uint64_t at = 0;
        for (uint32_t worker = 0; worker < workers; ++worker) {
          Share share = shareOf(total, worker, workers, grain);
          EXPECT_EQ(share.begin, at);
          EXPECT_LE(share.begin, share.end);
          EXPECT_TRUE(share.end == total || share.end % grain == 0);
          at = share.end;
        }
        EXPECT_EQ(at, total);
        EXPECT_LE(shareOf(total, 0, workers, grain).end, (total / workers / grain + 1) * grain);
      }
}

} // namespace
