// Attention split over spans of the context: the two kernels together against the reference, and against the bits of
// the kernel that is not split, for all numbers of workers.
#include "test/codegen/AttentionText.h"
#include "test/codegen/RowCase.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Target {
  std::string spec;
  bool narrow;
  std::string cache;
};

class SplitAttentionTest : public testing::TestWithParam<Target> {
protected:
  void check(AttentionText step, const std::vector<std::vector<Segment>> &steps) {
    step.narrow = GetParam().narrow;
    step.cacheType = GetParam().cache;
    KernelCase whole(step.text()), partial(step.partialText()), combine(step.combineText());
    for (KernelCase *kernel : {&whole, &partial, &combine})
      setTarget(*kernel, GetParam().spec);
    std::vector<ref::Value> inputs = whole.randomInputs(5);
    std::vector<int32_t> &pages = inputs[3].tensor->i32;
    std::iota(pages.begin(), pages.end(), 0);
    std::shuffle(pages.begin(), pages.end(), std::mt19937(5));
    for (const std::vector<Segment> &segments : steps) {
      std::vector<int32_t> &table = inputs[2].tensor->i32;
      std::fill(table.begin(), table.end(), 0);
      ASSERT_LE(segments.size() * 4, table.size());
      for (size_t s = 0; s < segments.size(); ++s)
        std::copy_n(&segments[s].slot, 4, &table[4 * s]);
      std::vector<ref::Value> after, once, parts, joined;
      runForAllWorkers(whole, inputs, once, after);
      runForAllWorkers(partial, inputs, parts, after);
      ASSERT_EQ(parts.size(), 3u);
      std::vector<ref::Value> operands = parts;
      operands.push_back(inputs[2]);
      runForAllWorkers(combine, operands, joined, after);
      ASSERT_EQ(joined.size(), 1u);
      EXPECT_TRUE(sameBits(joined[0].tensor->f32, once[0].tensor->f32)) << step.text();

      ref::Tensor want = *whole.reference(inputs).front().tensor;
      std::vector<ref::Value> wantParts = partial.reference(inputs);
      std::vector<ref::Value> wantOperands = wantParts;
      wantOperands.push_back(inputs[2]);
      ref::Tensor wantJoined = *combine.reference(wantOperands).front().tensor;
      for (int64_t row = 0; row < step.tokens; ++row)
        if (llvm::none_of(segments, [&](const Segment &s) { return row >= s.first && row < s.first + s.rows; }))
          for (ref::Tensor *tensor : {&want, &wantJoined})
            std::fill_n(tensor->f32.begin() + row * step.heads * step.headDim, step.heads * step.headDim, NAN);
      double tolerance = !step.narrow ? 3e-5 : step.cacheType == "i8" ? 2e-2 : 1.5e-2;
      EXPECT_LE(relativeError(*joined[0].tensor, want), tolerance) << step.text();
      // The parts' reference joins to the reference of the whole.
      EXPECT_LE(relativeError(wantJoined, want), step.narrow ? tolerance : 1e-5);
    }
  }
};

TEST_P(SplitAttentionTest, aroundTheEndsOfSpans) {
  AttentionText step{.pagesPerSlot = 6, .heads = 4, .kvHeads = 2, .headDim = 32, .span = 128};
  std::vector<std::vector<Segment>> steps;
  for (int32_t context : {1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 384})
    steps.push_back({{0, 0, 1, context}});
  check(step, steps);
}

TEST_P(SplitAttentionTest, anyHeads) {
  struct Heads {
    int64_t heads, kvHeads, headDim;
  };
  for (auto [heads, kvHeads, headDim] : {Heads{8, 1, 64}, {7, 1, 20}, {4, 4, 16}, {20, 1, 80}})
    check({.pagesPerSlot = 5, .heads = heads, .kvHeads = kvHeads, .headDim = headDim, .span = 64},
          {{{0, 0, 1, 300}}, {{0, 0, 1, 2}}});
}

// Rows of one segment on both sides of a span's end, several segments, unused entries, rows of nobody.
TEST_P(SplitAttentionTest, severalRowsAndSegments) {
  AttentionText step{.tokens = 8,
                     .segments = 8,
                     .slots = 4,
                     .pagesPerSlot = 4,
                     .heads = 6,
                     .kvHeads = 2,
                     .headDim = 40,
                     .pageTokens = 32,
                     .span = 64};
  check(step, {{{0, 0, 8, 68}},
               {{0, 0, 8, 8}},
               {{1, 0, 1, 128}, {0, 0, 0, 0}, {3, 2, 4, 66}, {2, 7, 1, 1}},
               {{1, 0, 3, 3}, {2, 3, 5, 128}},
               {}});
}

INSTANTIATE_TEST_SUITE_P(
    Targets, SplitAttentionTest,
    testing::Values(Target{"cpu:x86-64-v3", false, "f16"}, Target{"cpu:x86-64-v4", false, "f32"},
                    Target{"cpu:x86-64-v4", false, "i8"}, Target{"cpu:x86-64-v4+avx512bf16", true, "bf16"},
                    Target{"cpu:x86-64-v4+avx512bf16", true, "i8"}, Target{"cpu:sapphirerapids", true, "bf16"}),
    [](const testing::TestParamInfo<Target> &info) {
      return isaName({info.param.spec, info.index}) + "_" + info.param.cache + (info.param.narrow ? "_narrow" : "");
    });
} // namespace
