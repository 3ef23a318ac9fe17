#include "runtime/device/cpu/CpuShareMeter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon::cpu;
using testing::DoubleNear;
using testing::ElementsAre;

namespace {

constexpr int64_t kMs = 1000 * 1000, kUs = 1000;

// Threads 0 and 1, whose processor times the test moves.
int64_t used[2];
unsigned readings;

class CpuShareMeterTest : public testing::Test {
protected:
  CpuShareMeterTest()
      : meter({0, 1}, [](clockid_t clock) {
          ++readings;
          return used[clock];
        }) {
    used[0] = used[1] = 0;
    readings = 0;
  }

  // A scope in which thread 1 has `share` of its CPU, then a gap in which it uses `inGap`. True: a window is complete.
  bool scope(int64_t duration, double share, int64_t gap, int64_t inGap) {
    meter.begin(now);
    now += duration;
    used[0] += duration;
    used[1] += int64_t(double(duration) * share);
    bool done = meter.end(now);
    now += gap;
    used[1] += inGap;
    return done;
  }

  CpuShareMeter meter;
  int64_t now = 12345;
};

TEST_F(CpuShareMeterTest, measuresLongScopesAlone) {
  EXPECT_FALSE(scope(50 * kMs, 0.5, 5 * kMs, 100 * kUs)); // the first one says how long they are
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(scope(50 * kMs, 0.5, 5 * kMs, 100 * kUs));
    EXPECT_THAT(meter.shares(), ElementsAre(1.0, DoubleNear(0.5, 1e-6)));
    EXPECT_EQ(meter.windowTime(), 50 * kMs);
  }
}

TEST_F(CpuShareMeterTest, joinsScopesOfMillisecondsIntoWindows) {
  unsigned windows = 0;
  for (int i = 0; i < 41; ++i)
    if (scope(3 * kMs, i % 2 ? 0.2 : 0.8, 2 * kMs, 0)) {
      ++windows;
      EXPECT_THAT(meter.shares(), ElementsAre(DoubleNear(1, 1e-6), DoubleNear(0.5, 1e-6)));
    }
  EXPECT_EQ(windows, 4u);
}

TEST_F(CpuShareMeterTest, measuresShortScopesWithTheirGaps) {
  unsigned windows = 0;
  for (int i = 0; i < 4000; ++i)
    if (scope(30 * kUs, 0.5, 2 * kUs, 1 * kUs)) {
      ++windows;
      EXPECT_THAT(meter.shares(), ElementsAre(DoubleNear(30.0 / 32, 1e-2), DoubleNear(0.5, 1e-2)));
      EXPECT_LT(meter.windowTime(), CpuShareMeter::kWindow + 50 * kUs);
    }
  EXPECT_EQ(windows, 4u);
  EXPECT_LE(readings, 2 * 6u); // once per window, not per scope
}

// Threads park in such gaps and wake late: their processor time says nothing.
TEST_F(CpuShareMeterTest, leavesShortScopesWithLongGapsAlone) {
  for (int i = 0; i < 1000; ++i)
    EXPECT_FALSE(scope(50 * kUs, 0.3, 1 * kMs, 0));
  EXPECT_LE(readings, 2 * (1000 * 105 / 100 / 30 + 2u));
}

TEST_F(CpuShareMeterTest, forgetsOnRestart) {
  scope(50 * kMs, 1, 5 * kMs, 0);
  EXPECT_FALSE(scope(20 * kMs, 0, 5 * kMs, 0));
  meter.restart();
  EXPECT_FALSE(scope(20 * kMs, 1, 5 * kMs, 0));
  EXPECT_TRUE(scope(20 * kMs, 1, 5 * kMs, 0));
  EXPECT_THAT(meter.shares(), ElementsAre(1.0, 1.0));
  EXPECT_EQ(meter.windowTime(), 40 * kMs);
}

TEST(CpuShareMeter, readsTheProcessorTimeOfThreads) {
  int64_t before = CpuShareMeter::readClock(CLOCK_THREAD_CPUTIME_ID);
  volatile unsigned sum = 0;
  for (unsigned i = 0; i < 100000; ++i)
    sum = sum + i;
  EXPECT_GT(CpuShareMeter::readClock(CLOCK_THREAD_CPUTIME_ID), before);
}

} // namespace
