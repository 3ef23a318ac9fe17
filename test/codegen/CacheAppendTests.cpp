// Cache kernels (rope and the write into the paged cache) on every instruction set against the reference evaluation.
//
// Values are only rounded to the cache's type, to nearest even: they must be equal. A rotated element is a sum of two
// products that the reference computes in f64 and the kernel in f32: within 2^-22 of the largest operand, and where it
// is stored in 16 bits, one step of that type where the rounding falls to the other side.
#include "test/codegen/RowCase.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Step {
  int64_t tokens = 5, slots = 3, pagesPerSlot = 3;
  int64_t heads = 4, kvHeads = 2, headDim = 32, pageTokens = 64;
  std::string cacheType = "f32";
  bool ropeQuery = true, ropeKey = true, append = true;

  std::string text() const;
  double tolerance() const { return cacheType == "f32" ? 1e-6 : cacheType == "f16" ? 0x1p-9 : 0x1p-6; }
};

// Operands: q, k, v, cache, positions, slots, block table, rope table. All of them, whatever the kernel does with them.
std::string Step::text() const {
  std::string q = tensorText({tokens, heads * headDim}), k = tensorText({tokens, kvHeads * headDim});
  std::string cache = "!model.cache<" + std::to_string(slots * pagesPerSlot) + " x " + std::to_string(pageTokens) +
                      " x " + std::to_string(kvHeads) + " x " + std::to_string(headDim) + " x " + cacheType + ">";
  std::string rows = tensorText({tokens}, "i32"), blocks = tensorText({slots, pagesPerSlot}, "i32");
  std::string table = tensorText({pagesPerSlot * pageTokens, headDim});
  auto rope = [&](const char *to, const char *from, int64_t count, const std::string &type) {
    return std::string("  ") + to + " = model.rope " + from + ", %p, %r heads " + std::to_string(count) + " : " + type +
           ", " + rows + ", " + table + " -> " + type + "\n";
  };
  std::string body, result = ropeQuery ? q : append ? "" : k;
  if (ropeQuery)
    body += rope("%yq", "%q", heads, q);
  if (ropeKey)
    body += rope("%yk", "%k", kvHeads, k);
  if (append)
    body += std::string("  model.cache_append ") + (ropeKey ? "%yk" : "%k") + ", %v into %c at %p, %s, %b : " + k +
            ", " + k + ", " + cache + ", " + rows + ", " + rows + ", " + blocks + "\n";
  body += result.empty() ? "  kernel.yield\n"
                         : std::string("  kernel.yield ") + (ropeQuery ? "%yq" : "%yk") + " : " + result + "\n";
  return "kernel.func @k \"cache\" (" + q + ", " + k + ", " + k + ", " + cache + ", " + rows + ", " + rows + ", " +
         blocks + ", " + table + ") -> (" + result + ") {\n^bb0(%q: " + q + ", %k: " + k + ", %v: " + k +
         ", %c: " + cache + ", %p: " + rows + ", %s: " + rows + ", %b: " + blocks + ", %r: " + table + "):\n" + body +
         "}\n";
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
    inputs[3].cache->keys[0] = inputs[3].cache->values.back() = NAN;

    std::vector<ref::Value> wanted = deepCopy(inputs), got, after;
    std::vector<ref::Value> expected = kernel.reference(wanted);
    runForAllWorkers(kernel, inputs, got, after);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), 1e-6) << step.text();
    EXPECT_TRUE(sameBits(after[3].cache->values, wanted[3].cache->values)) << step.text();
    if (!step.ropeKey)
      EXPECT_TRUE(sameBits(after[3].cache->keys, wanted[3].cache->keys)) << step.text();
    ref::Tensor keys{{}, after[3].cache->keys, {}}, wantedKeys{{}, wanted[3].cache->keys, {}};
    EXPECT_LE(relativeError(keys, wantedKeys), step.tolerance()) << step.text();
  }
};

TEST_P(CacheAppendTest, writesAcrossPagesAndSkipsPadding) {
  for (const char *type : {"f32", "f16", "bf16"})
    check({.tokens = 9, .cacheType = type}, {62, 63, 64, 65, 0, 130, 191, 0, 0}, {0, 0, 0, 0, 1, 2, 2, -1, -1});
}

TEST_P(CacheAppendTest, matchesTheReferenceForAnyHeadSize) {
  for (int64_t headDim : {2, 6, 16, 20, 32, 48, 64, 80, 128})
    check({.tokens = 2, .headDim = headDim}, {10, 11}, {1, 1});
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
