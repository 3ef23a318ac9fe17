#include "runtime/device/cpu/Roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon::cpu;
using testing::ElementsAre;

namespace {

constexpr int64_t kMs = 1000 * 1000, kWindow = 30 * kMs;
constexpr int64_t kRest = std::max(Roster::kFirstRest, Roster::kRestPerTrial *kWindow);

bool observe(Roster &roster, int64_t now, std::vector<double> shares, int64_t window = kWindow) {
  return roster.observe(now, window, shares);
}

std::vector<bool> taking(const Roster &roster, unsigned seats) {
  std::vector<bool> result;
  for (unsigned seat = 0; seat < seats; ++seat)
    result.push_back(roster.takesPart(seat));
  return result;
}

TEST(Roster, keepsAllWhereNobodyIsSlow) {
  Roster roster(4);
  EXPECT_FALSE(observe(roster, 0, {1.0, 0.99, 0.9, 1.02}));
  EXPECT_EQ(roster.taking(), 4u);
  EXPECT_FALSE(roster.anyRests());
}

TEST(Roster, leavesOutTheOneWhoseCpuIsShared) {
  for (unsigned seats : {2u, 3u, 16u, 64u})
    for (unsigned slow : {0u, 1u, seats - 1}) {
      Roster roster(seats);
      std::vector<double> shares(seats, 0.98);
      shares[slow] = 0.5;
      EXPECT_TRUE(observe(roster, 0, shares));
      EXPECT_EQ(roster.taking(), seats - 1);
      EXPECT_FALSE(roster.takesPart(slow));
      EXPECT_EQ(roster.firstSeat(), slow == 0 ? 1u : 0u);
    }
}

TEST(Roster, keepsASlowOneWhereItPays) {
  Roster two(2); // one alone has 0.59 of the speed of two
  EXPECT_FALSE(observe(two, 0, {1.0, 0.7}));
  EXPECT_TRUE(observe(two, 0, {1.0, 0.55}));
  Roster three(3); // two have 0.74 of the speed of three
  EXPECT_FALSE(observe(three, 0, {1.0, 0.8, 1.0}));
  EXPECT_TRUE(observe(three, 0, {1.0, 0.65, 1.0}));
  Roster many(16); // even a little matters: all wait for it
  EXPECT_TRUE(observe(many, 0, {1, 1, 1, 0.8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(Roster, keepsAllWhereAllAreSlow) {
  Roster roster(4);
  EXPECT_FALSE(observe(roster, 0, {0.5, 0.5, 0.5, 0.5}));
  EXPECT_FALSE(observe(roster, 0, {0.5, 0.52, 0.48, 1.0})); // one alone would be slower
  Roster sixteen(16);
  std::vector<double> shares(16, 0.5);
  shares[0] = 1.0;
  EXPECT_FALSE(observe(sixteen, 0, shares));
}

TEST(Roster, leavesOutSeveralAsLongAsItPays) {
  Roster roster(8);
  EXPECT_TRUE(observe(roster, 0, {1, 0.5, 1, 0.33, 1, 1, 0.5, 1}));
  EXPECT_THAT(taking(roster, 8), ElementsAre(true, false, true, false, true, true, false, true));
  Roster uneven(4); // without the slowest the next one is slowest, and two of four are too few
  EXPECT_TRUE(observe(uneven, 0, {1, 1, 0.8, 0.2}));
  EXPECT_THAT(taking(uneven, 4), ElementsAre(true, true, true, false));
}

TEST(Roster, neverLeavesOutTheLast) {
  Roster one(1);
  EXPECT_FALSE(observe(one, 0, {0.01}));
  Roster two(2);
  EXPECT_TRUE(observe(two, 0, {0.1, 0.9}));
  EXPECT_FALSE(observe(two, 1, {0.1, 0.05}));
  two.leaveOut(1, 5);
  EXPECT_EQ(two.taking(), 1u);
  EXPECT_EQ(two.firstSeat(), 1u);
}

TEST(Roster, restsGrowWhileTheCpuIsTaken) {
  Roster roster(2);
  int64_t now = 0;
  std::vector<int64_t> rests;
  for (int trial = 0; trial < 6; ++trial) {
    ASSERT_TRUE(observe(roster, now, {1, 0.5}, 5 * kMs));
    int64_t begin = now;
    while (!roster.recall(now))
      now += kMs;
    EXPECT_EQ(roster.taking(), 2u);
    rests.push_back((now - begin) / kMs);
  }
  EXPECT_THAT(rests, ElementsAre(100, 200, 400, 800, 1600, 2000));
}

TEST(Roster, restsStartAnewAfterAGoodWindow) {
  Roster roster(2);
  ASSERT_TRUE(observe(roster, 0, {1, 0.5}));
  ASSERT_TRUE(roster.recall(kRest));
  ASSERT_TRUE(observe(roster, kRest, {1, 0.5}));
  EXPECT_FALSE(roster.recall(3 * kRest - 1));
  ASSERT_TRUE(roster.recall(3 * kRest));
  ASSERT_FALSE(observe(roster, 3 * kRest, {1, 0.95}));
  ASSERT_TRUE(observe(roster, 4 * kRest, {1, 0.5}));
  EXPECT_FALSE(roster.recall(5 * kRest - 1));
  EXPECT_TRUE(roster.recall(5 * kRest));
}

// A trial costs a step, however long; it may cost a tenth of the time at most.
TEST(Roster, restsAreLongWhereStepsAreLong) {
  Roster roster(2);
  ASSERT_TRUE(observe(roster, 0, {1, 0.5}, 700 * kMs));
  EXPECT_FALSE(roster.recall(6999 * kMs));
  EXPECT_TRUE(roster.recall(7000 * kMs));
}

TEST(Roster, ignoresTheSharesOfThoseWhoRest) {
  Roster roster(3);
  ASSERT_TRUE(observe(roster, 0, {0.4, 1, 1}));
  EXPECT_FALSE(observe(roster, 1, {0, 1, 1}));
  EXPECT_EQ(roster.taking(), 2u);
  EXPECT_FALSE(roster.recall(kRest - 1));
}

} // namespace
