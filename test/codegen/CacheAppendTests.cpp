// Cache kernels (rope and the write into the paged cache) on every instruction set against the reference evaluation.
//
// Values are only rounded to the cache's type, to nearest even: they must be equal. A rotated element is a sum of two
// products that the reference computes in f64 and the kernel in f32: within 2^-22 of the largest operand, and where it
// is stored in 16 or 8 bits, one step of that type where the rounding falls to the other side.
#include "test/codegen/CacheText.h"
#include "test/codegen/RowCase.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
using Step = CacheText;
double keyTolerance(const Step &step) {
  return step.cacheType == "f32" ? 1e-6 : step.cacheType == "f16" ? 0x1p-9 : step.cacheType == "i8" ? 0.05 : 0x1p-6;
}

class CacheAppendTest : public testing::TestWithParam<std::string> {
protected:
  // Row n goes to position positions[n] of sequence slots[n].
  void check(const Step &step, const std::vector<int32_t> &positions, const std::vector<int32_t> &slots) {
    KernelCase kernel(step.text());
    setTarget(kernel, GetParam());
    std::vector<ref::Value> inputs = kernel.randomInputs(7);
    inputs[4].tensor->i32 = positions;
    inputs[5].tensor->i32 = slots;
    std::vector<int32_t> &blocks = inputs[6].tensor->i32;
    std::iota(blocks.begin(), blocks.end(), 0);
    std::shuffle(blocks.begin(), blocks.end(), std::mt19937(7));
    for (float &angle : inputs[7].tensor->f32)
      angle = std::sin(angle);
    // What was in the cache must stay, whatever it is.
    if (step.cacheType == "i8")
      inputs[3].cache->keyScales[0] = inputs[3].cache->valueScales.back() = NAN;
    else
      inputs[3].cache->keys[0] = inputs[3].cache->values.back() = NAN;

    std::vector<ref::Value> wanted = deepCopy(inputs), got, after;
    std::vector<ref::Value> expected = kernel.reference(wanted);
    runForAllWorkers(kernel, inputs, got, after);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), 1e-6) << step.text();
    EXPECT_TRUE(sameBits(after[3].cache->values, wanted[3].cache->values)) << step.text();
    EXPECT_TRUE(sameBits(after[3].cache->valueScales, wanted[3].cache->valueScales)) << step.text();
    ref::Tensor scales, wantedScales;
    scales.f32 = after[3].cache->keyScales;
    wantedScales.f32 = wanted[3].cache->keyScales;
    EXPECT_LE(relativeError(scales, wantedScales), 1e-6) << step.text();
    if (!step.ropeKey)
      EXPECT_TRUE(sameBits(after[3].cache->keys, wanted[3].cache->keys)) << step.text();
    ref::Tensor keys, wantedKeys;
    keys.f32 = after[3].cache->keys;
    wantedKeys.f32 = wanted[3].cache->keys;
    EXPECT_LE(relativeError(keys, wantedKeys), keyTolerance(step)) << step.text();
  }
};

TEST_P(CacheAppendTest, writesAcrossPagesAndSkipsPadding) {
  for (const char *type : {"f32", "f16", "bf16", "i8"})
    check({.tokens = 9, .cacheType = type}, {62, 63, 64, 65, 0, 130, 191, 0, 0}, {0, 0, 0, 0, 1, 2, 2, -1, -1});
}

TEST_P(CacheAppendTest, matchesTheReferenceForAnyHeadSize) {
  for (int64_t headDim : {2, 6, 16, 20, 32, 48, 64, 80, 128})
    for (const char *type : {"f32", "bf16", "i8"})
      check({.tokens = 2, .headDim = headDim, .cacheType = type}, {10, 11}, {1, 1});
}

TEST_P(CacheAppendTest, matchesTheReferenceForAnyHeads) {
  for (auto [heads, kvHeads] : {std::pair<int64_t, int64_t>{1, 1}, {8, 1}, {3, 3}})
    check({.tokens = 1, .heads = heads, .kvHeads = kvHeads, .cacheType = "bf16"}, {77}, {2});
}

TEST_P(CacheAppendTest, eachPartWorksAlone) {
  for (auto [ropeQuery, ropeKey, append] : {std::tuple{false, true, true},
                                            {true, false, true},
                                            {false, false, true},
                                            {true, false, false},
                                            {false, true, false}})
    check({.tokens = 3, .cacheType = "f16", .ropeQuery = ropeQuery, .ropeKey = ropeKey, .append = append}, {0, 1, 64},
          {0, 0, 2});
}

// Ties, the largest magnitude on either side, a head of zeros and one that is too small for a scale.
TEST_P(CacheAppendTest, codesAreTheNearest) {
  Step step{.tokens = 4, .slots = 1, .headDim = 16, .cacheType = "i8", .ropeQuery = false, .ropeKey = false};
  KernelCase kernel(step.text());
  setTarget(kernel, GetParam());
  std::vector<ref::Value> inputs = kernel.randomInputs(1), got, after;
  inputs[4].tensor->i32 = {0, 1, 2, 3};
  std::vector<float> &v = inputs[2].tensor->f32; // [4][2 heads][16]
  std::fill(v.begin(), v.end(), 0.0f);
  const float ties[] = {-127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 0.49f};
  const float codes[] = {-127, 0, 2, 2, 0, -2, 126, 0};
  std::copy(std::begin(ties), std::end(ties), v.begin());
  std::fill_n(v.begin() + 32, 16, 0x1p-120f);
  v[64 + 15] = 3.5f;
  runForAllWorkers(kernel, inputs, got, after);
  const ref::Cache &cache = *after[3].cache;
  auto at = [&](int64_t token) { return cache.at(0, 0, token); };
  for (size_t d = 0; d < std::size(codes); ++d)
    EXPECT_EQ(cache.values[at(0) + d], codes[d]) << ties[d];
  EXPECT_EQ(cache.valueScales[at(0) / 16], 1);
  EXPECT_EQ(cache.valueScales[at(1) / 16], 0);
  EXPECT_EQ(cache.values[at(1)], 0);
  EXPECT_EQ(cache.values[at(2) + 15], 127);
  EXPECT_EQ(cache.valueScales[at(2) / 16], 3.5f / 127);
  EXPECT_EQ(cache.valueScales[at(3) / 16], 0);
}

TEST_P(CacheAppendTest, roundsToNearestEven) {
  Step step{.tokens = 1, .cacheType = "bf16", .ropeQuery = false, .ropeKey = false};
  KernelCase kernel(step.text());
  setTarget(kernel, GetParam());
  std::vector<ref::Value> inputs = kernel.randomInputs(1), got, after;
  // Ties above an even and an odd last place, just beside them, overflow to infinity, signed zero, NaN.
  const float special[] = {0x1.01p0f,   0x1.03p0f, 0x1.010002p0f, 0x1.00fffep0f, -0x1.03p0f,
                           0x1.ffp127f, -0.0f,     INFINITY,      NAN,           0x1p-133f};
  const float rounded[] = {0x1.00p0f, 0x1.04p0f, 0x1.02p0f, 0x1.00p0f, -0x1.04p0f,
                           INFINITY,  -0.0f,     INFINITY,  NAN,       0x1p-133f};
  std::copy(std::begin(special), std::end(special), inputs[2].tensor->f32.begin());
  runForAllWorkers(kernel, inputs, got, after);
  for (size_t d = 0; d < std::size(special); ++d) {
    float stored = after[3].cache->values[d];
    EXPECT_TRUE(std::isnan(rounded[d]) ? std::isnan(stored)
                                       : stored == rounded[d] && std::signbit(stored) == std::signbit(rounded[d]))
        << special[d] << " became " << stored;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, CacheAppendTest, everyIsa(), isaName);
} // namespace
