#include "runtime/session/RowBuckets.h"

#include <functional>
#include <gtest/gtest.h>

namespace tenon {
namespace {

using Bucket = RowBuckets::Bucket;

// A cost that is bound by reading weights up to `balance` rows and by arithmetic above, and a little for each run.
std::vector<Bucket> roofline(double balance) {
  std::vector<Bucket> buckets;
  for (uint32_t rows : {1u, 2u, 4u, 8u, 16u, 64u, 128u, 256u})
    buckets.push_back({rows, static_cast<uint32_t>(buckets.size()), 20 + 1000 * std::max(1.0, rows / balance)});
  return buckets;
}

std::vector<uint32_t> cut(const RowBuckets &buckets, uint32_t rows) {
  std::vector<uint32_t> runs;
  while (rows > 0) {
    runs.push_back(buckets.next(rows).rows);
    rows -= std::min(rows, runs.back());
  }
  return runs;
}

TEST(RowBuckets, ExactCountsAreOneRun) {
  for (double balance : {1.0, 12.0, 100.0}) {
    RowBuckets buckets(roofline(balance));
    for (const Bucket &bucket : buckets.buckets())
      if (bucket.rows >= balance || bucket.rows == 1) {
        EXPECT_EQ(cut(buckets, bucket.rows), std::vector<uint32_t>{bucket.rows});
      }
  }
}

TEST(RowBuckets, PadsWhereWeightsBindAndSplitsWhereArithmeticDoes) {
  RowBuckets buckets(roofline(12));
  EXPECT_EQ(cut(buckets, 3), std::vector<uint32_t>{4});
  EXPECT_EQ(cut(buckets, 17), (std::vector<uint32_t>{16, 1}));
  EXPECT_EQ(cut(buckets, 129), (std::vector<uint32_t>{128, 1}));
  EXPECT_EQ(cut(buckets, 255), std::vector<uint32_t>{256});
  EXPECT_EQ(cut(buckets, 1000).front(), 256u);
}

// No other way to cut is cheaper.
TEST(RowBuckets, CutsAtLeastCost) {
  for (double balance : {1.0, 5.0, 12.0, 100.0, 1000.0}) {
    std::vector<Bucket> given = roofline(balance);
    RowBuckets buckets(given);
    std::vector<double> best{0};
    for (uint32_t rows = 1; rows <= 256; ++rows) {
      best.push_back(1e300);
      for (const Bucket &bucket : given)
        best[rows] = std::min(best[rows], bucket.cost + best[rows - std::min(rows, bucket.rows)]);
      double cost = 0;
      for (uint32_t left = rows; left > 0;) {
        const Bucket &bucket = buckets.next(left);
        cost += bucket.cost;
        left -= std::min(left, bucket.rows);
      }
      EXPECT_NEAR(cost, best[rows], 1e-6) << rows << " rows at balance " << balance;
    }
  }
}

} // namespace
} // namespace tenon
