#include "compiler/cache/remote/Patience.h"

#include <gtest/gtest.h>
#include <thread>

using namespace tenon::cache;
using namespace std::chrono_literals;

namespace {

TEST(Patience, BytesBuyTime) {
  Patience patience(40ms);
  patience.startRequest();
  EXPECT_TRUE(patience.mayGoOn(0));
  std::this_thread::sleep_for(60ms);
  EXPECT_TRUE(patience.mayGoOn(100 * kMinimumRate)) << "worth 100 seconds, and it moves";
  EXPECT_FALSE(patience.isUp());
  patience.endRequest(100 * kMinimumRate);
  EXPECT_EQ(patience.left(), 40ms);
}

TEST(Patience, StandingStillIsNotBought) {
  Patience patience(40ms);
  patience.startRequest();
  EXPECT_TRUE(patience.mayGoOn(100 * kMinimumRate));
  std::this_thread::sleep_for(60ms);
  EXPECT_FALSE(patience.mayGoOn(100 * kMinimumRate));
}

TEST(Patience, RequestsShareIt) {
  Patience patience(50ms);
  for (int i = 0; i < 3; ++i) {
    patience.startRequest();
    std::this_thread::sleep_for(20ms);
    patience.endRequest(0);
  }
  EXPECT_EQ(patience.left(), 0ms);
  patience.startRequest();
  std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(patience.mayGoOn(0));
  EXPECT_TRUE(patience.isUp());
}

} // namespace
