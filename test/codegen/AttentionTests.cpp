// Attention kernels on every instruction set against the reference evaluation, over random and awkward steps.
//
// Tolerance, relative to the root mean square of a step's results: a score is a sum of head_dim products in f32, so
// that weights err by some 2e-7 of themselves and results by as much of a value, which is sqrt(context) of a result.
// The worst element of the steps below is at 1.1e-5; 3e-5 is allowed. A result stored as bf16 adds its rounding, 2^-9
// of the element, which may be 4 times the root mean square. Narrow steps round weights to bf16, where kernel and
// reference may take different neighbours (a weight is relative to the largest so far): 2^-9 of a weight; the worst is
// at 5e-3.
#include "test/codegen/AttentionText.h"
#include "test/codegen/RowCase.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
using Step = AttentionText;
double tolerance(const Step &step) {
  double products = !step.narrow ? 3e-5 : step.cacheType == "i8" ? 2e-2 : 1e-2;
  return products + (step.resultType == "bf16" ? 2e-2 : 0);
}

// One compiled step, run for any segments.
class AttentionCase {
public:
  AttentionCase(const Step &step, const std::string &spec, uint32_t seed = 1)
      : step(step), kernel(step.text()), inputs(kernel.randomInputs(seed)) {
    setTarget(kernel, spec);
    // Pages in no order, so that consecutive ones are never neighbours by luck.
    std::vector<int32_t> &pages = inputs[3].tensor->i32;
    std::iota(pages.begin(), pages.end(), 0);
    std::shuffle(pages.begin(), pages.end(), std::mt19937(seed));
  }

  // The results for `segments` (the rest of the table unused), after they were compared with the reference.
  std::vector<float> check(const std::vector<Segment> &segments) {
    std::vector<ref::Value> operands = deepCopy(inputs);
    std::vector<int32_t> &table = operands[2].tensor->i32;
    EXPECT_LE(segments.size() * 4, table.size());
    for (size_t s = 0; s < segments.size(); ++s)
      std::copy_n(&segments[s].slot, 4, &table[4 * s]);
    poisonUnseenTokens(*operands[1].cache, operands[3].tensor->i32, segments);

    std::vector<ref::Value> expected = kernel.reference(operands), got, after;
    runForAllWorkers(kernel, operands, got, after);
    if (expected.size() != 1 || got.size() != 1)
      return ADD_FAILURE() << "no result", std::vector<float>();
    // Rows of no segment keep the bytes they had: the harness fills results with NaN.
    ref::Tensor &want = *expected.front().tensor;
    std::vector<bool> covered(step.tokens);
    for (const Segment &s : segments)
      std::fill_n(covered.begin() + s.first, s.rows, true);
    int64_t columns = step.heads * step.headDim;
    for (int64_t row = 0; row < step.tokens; ++row)
      if (!covered[row])
        std::fill_n(want.f32.begin() + row * columns, columns, NAN);
    EXPECT_LE(relativeError(*got.front().tensor, want), tolerance(step)) << step.text();
    return got.front().tensor->f32;
  }

private:
  // NaN wherever no row of the step may look.
  void poisonUnseenTokens(ref::Cache &cache, const std::vector<int32_t> &blocks, const std::vector<Segment> &segments) {
    std::vector<bool> seen(cache.pages * cache.pageTokens);
    for (const Segment &s : segments)
      for (int64_t t = 0; s.rows > 0 && t < s.context; ++t)
        seen[blocks[s.slot * step.pagesPerSlot + t / cache.pageTokens] * cache.pageTokens + t % cache.pageTokens] =
            true;
    for (int64_t page = 0; page < cache.pages; ++page)
      for (int64_t token = 0; token < cache.pageTokens; ++token)
        for (int64_t head = 0; !seen[page * cache.pageTokens + token] && head < cache.kvHeads; ++head) {
          size_t at = cache.at(page, head, token);
          if (!cache.keyScales.empty()) { // codes cannot be NaN
            cache.keyScales[at / cache.headDim] = cache.valueScales[at / cache.headDim] = NAN;
            continue;
          }
          for (auto *side : {&cache.keys, &cache.values})
            std::fill_n(side->begin() + at, cache.headDim, NAN);
        }
  }

  Step step;
  KernelCase kernel;
  std::vector<ref::Value> inputs;
};

struct Target {
  std::string spec;
  bool narrow;
  std::string cache; // element type, empty: the step's own
};

class AttentionTest : public testing::TestWithParam<Target> {
protected:
  // Caches of bf16 and codes have even sizes.
  static Step adapt(Step step) {
    step.narrow = GetParam().narrow;
    if (!GetParam().cache.empty()) {
      step.cacheType = GetParam().cache;
      step.headDim += step.headDim % 2;
    }
    return step;
  }
  static AttentionCase make(const Step &step, uint32_t seed = 1) {
    return AttentionCase(adapt(step), GetParam().spec, seed);
  }
  static void check(const Step &step, const std::vector<Segment> &segments) { make(step).check(segments); }
};

TEST_P(AttentionTest, matchesTheReferenceAroundThePageSize) {
  AttentionCase decode = make({});
  for (int32_t context : {1, 2, 15, 16, 17, 33, 63, 64, 65, 127, 128, 129, 200, 256})
    decode.check({{0, 0, 1, context}});
}

TEST_P(AttentionTest, matchesTheReferenceForAnyHeadSize) {
  for (int64_t headDim : {1, 2, 6, 16, 20, 32, 48, 56, 64, 80, 96, 128, 200})
    check({.tokens = 3, .heads = 4, .kvHeads = 2, .headDim = headDim}, {{0, 0, 3, 70}});
}

// The scratch of a tile has a limit, whatever the head size.
TEST_P(AttentionTest, matchesTheReferenceForHugeHeads) {
  check({.tokens = 2, .heads = 8, .kvHeads = 1, .headDim = 1024, .pageTokens = 16}, {{0, 0, 2, 40}});
}

TEST_P(AttentionTest, matchesTheReferenceForAnyGroup) {
  using Heads = std::pair<int64_t, int64_t>;
  for (auto [heads, kvHeads] : {Heads{1, 1}, {4, 4}, {6, 2}, {5, 1}, {7, 1}, {16, 2}, {12, 1}, {40, 1}}) {
    check({.heads = heads, .kvHeads = kvHeads, .headDim = 32}, {{0, 0, 1, 130}});
    check({.tokens = 9, .heads = heads, .kvHeads = kvHeads, .headDim = 32}, {{0, 0, 9, 68}});
  }
}

TEST_P(AttentionTest, matchesTheReferenceForAnyTypes) {
  for (const char *cache : {"f32", "f16", "bf16"})
    for (const char *result : {"f32", "bf16"}) {
      check({.tokens = 4, .headDim = 40, .cacheType = cache, .queryType = result, .resultType = result},
            {{0, 0, 4, 131}});
      check({.headDim = 64, .cacheType = cache, .resultType = result}, {{0, 0, 1, 65}});
    }
}

TEST_P(AttentionTest, matchesTheReferenceForOtherPageSizes) {
  for (int64_t pageTokens : {16, 48, 128})
    check({.tokens = 5, .heads = 4, .kvHeads = 2, .headDim = 32, .pageTokens = pageTokens}, {{0, 0, 5, 63}});
}

// Prefill of one sequence, decode of others and a continued one in the same step, with unused table entries between
// them and rows that belong to nobody.
TEST_P(AttentionTest, matchesTheReferenceForMixedSteps) {
  Step step{.tokens = 64, .segments = 64, .slots = 6, .heads = 8, .kvHeads = 2, .headDim = 32};
  AttentionCase mixed = make(step);
  mixed.check({{3, 0, 1, 1}, {0, 1, 1, 200}, {5, 0, 0, 0}, {1, 2, 37, 37}, {2, 39, 20, 150}, {4, 61, 1, 64}});
  mixed.check({{0, 0, 64, 64}});
  mixed.check({{0, 0, 64, 65}});
  mixed.check({{0, 0, 64, 256}});
  mixed.check({});
  std::vector<Segment> everyRow;
  for (int32_t row = 0; row < 6; ++row)
    everyRow.push_back({row, 10 * row, 1, 1 + 40 * row});
  mixed.check(everyRow);
}

// A row's bits depend on its query and the tokens it sees, not on the rows that it is computed with.
TEST_P(AttentionTest, chunksOfAPromptGiveTheSameBits) {
  Step step{.tokens = 48, .segments = 4, .heads = 12, .kvHeads = 4, .headDim = 32, .cacheType = "bf16"};
  AttentionCase whole = make(step);
  std::vector<float> once = whole.check({{0, 0, 48, 120}});
  for (std::vector<int32_t> chunks : {std::vector<int32_t>{1, 47}, {17, 3, 28}, {16, 16, 16}}) {
    std::vector<float> joined;
    int32_t first = 0;
    for (int32_t rows : chunks) {
      std::vector<float> part = whole.check({{0, first, rows, 72 + first + rows}});
      int64_t columns = step.heads * step.headDim;
      joined.insert(joined.end(), part.begin() + first * columns, part.begin() + (first + rows) * columns);
      first += rows;
    }
    EXPECT_TRUE(sameBits(joined, once));
  }
}

// Scores far apart: the running maximum moves, weights vanish, and nothing overflows.
TEST_P(AttentionTest, matchesTheReferenceForPeakedScores) {
  Step step = adapt({.heads = 2, .kvHeads = 1, .headDim = 16});
  std::string text = step.text();
  KernelCase kernel(text);
  setTarget(kernel, GetParam().spec);
  std::vector<ref::Value> inputs = kernel.randomInputs(3);
  std::iota(inputs[3].tensor->i32.begin(), inputs[3].tensor->i32.end(), 0);
  inputs[2].tensor->i32 = {0, 0, 1, 256};
  for (float factor : {30.0f, 1000.0f, 1e6f}) {
    std::vector<ref::Value> operands = deepCopy(inputs), after, got;
    for (float &q : operands[0].tensor->f32)
      q *= factor;
    std::vector<ref::Value> expected = kernel.reference(operands);
    runForAllWorkers(kernel, operands, got, after);
    // An error of 2^-24 in a score of some hundreds or more shifts the weights by as much.
    EXPECT_LE(relativeError(*got.front().tensor, *expected.front().tensor), 6e-6 * factor + tolerance(step)) << factor;
    for (float y : got.front().tensor->f32)
      EXPECT_TRUE(std::isfinite(y)) << factor;
  }
}

// The order of all additions is the schedule's, not the instruction set's.
TEST(AttentionBitsTest, everyInstructionSetGivesTheSame) {
  Step step{.tokens = 24, .segments = 4, .slots = 2, .heads = 12, .kvHeads = 2, .headDim = 40, .cacheType = "bf16"};
  std::vector<Segment> segments = {{0, 0, 20, 90}, {1, 20, 1, 200}};
  std::vector<float> first = AttentionCase(step, "cpu:x86-64-v3").check(segments);
  EXPECT_TRUE(sameBits(AttentionCase(step, "cpu:x86-64-v4").check(segments), first));
}

INSTANTIATE_TEST_SUITE_P(
    Targets, AttentionTest,
    testing::Values(Target{"cpu:x86-64-v3", false, ""}, Target{"cpu:x86-64-v3", false, "i8"},
                    Target{"cpu:x86-64-v4", false, ""}, Target{"cpu:x86-64-v4", false, "i8"},
                    Target{"cpu:x86-64-v4+avx512bf16", true, "bf16"}, Target{"cpu:x86-64-v4+avx512bf16", true, "i8"},
                    Target{"cpu:sapphirerapids", true, "bf16"}, Target{"cpu:sapphirerapids", true, "i8"}),
    [](const testing::TestParamInfo<Target> &info) {
      return isaName({info.param.spec, info.index}) + "_" + info.param.cache + (info.param.narrow ? "_narrow" : "");
    });
} // namespace
