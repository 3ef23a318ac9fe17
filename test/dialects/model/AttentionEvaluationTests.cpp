// The paged cache and attention over it, in cases small enough to work out by hand.
#include "ReferenceFixture.h"
#include <cmath>
#include <gmock/gmock.h>
#include <span>

using namespace tenon;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

namespace {
class AttentionEvaluation : public ReferenceFixture {
protected:
  // One kv head of size 2, pages of 2 tokens; two slots with two pages each, pages out of order.
  static constexpr const char *append =
      "func.func @f(%k: tensor<?x2xf32>, %v: tensor<?x2xf32>, %c: !model.cache<4 x 2 x 1 x 2 x f32>, %p: "
      "tensor<?xi32>, %s: tensor<?xi32>, %b: tensor<2x2xi32>) {"
      "  model.cache_append %k, %v into %c at %p, %s, %b : tensor<?x2xf32>, tensor<?x2xf32>, !model.cache<4 x 2 x 1 x "
      "2 x f32>, tensor<?xi32>, tensor<?xi32>, tensor<2x2xi32>"
      "  return }";
  static constexpr const char *attend =
      "func.func @f(%q: tensor<?x4xf32>, %c: !model.cache<4 x 2 x 1 x 2 x f32>, %s: tensor<?x4xi32>, %b: "
      "tensor<2x2xi32>) -> tensor<?x4xf32> {"
      "  %y = model.attention %q over %c at %s, %b heads 2 scale 0.5 : tensor<?x4xf32>, !model.cache<4 x 2 x 1 x 2 x "
      "f32>, tensor<?x4xi32>, tensor<2x2xi32> -> tensor<?x4xf32>"
      "  return %y : tensor<?x4xf32> }";
  ref::Value blocks = indices({2, 2}, {3, 0, 1, 2});

  void write(const ref::Value &cache, std::vector<float> k, std::vector<float> v, std::vector<int32_t> positions,
             std::vector<int32_t> slots) {
    int64_t n = static_cast<int64_t>(positions.size());
    ASSERT_TRUE(mlir::succeeded(evaluate(
        append, {tensor({n, 2}, k), tensor({n, 2}, v), cache, indices({n}, positions), indices({n}, slots), blocks})))
        << messages;
  }
};

TEST_F(AttentionEvaluation, AppendFollowsTheBlockTableAndSkipsPadding) {
  ref::Value cache = emptyCache(4, 2, 1, 2);
  // Position 2 of slot 0 is the first token of page 0; position 1 of slot 1 the second of page 1; the last row is
  // padding.
  write(cache, {1, 2, 3, 4, 9, 9}, {5, 6, 7, 8, 9, 9}, {2, 1, 0}, {0, 1, -1});
  EXPECT_THAT(cache.cache->keys, ElementsAre(1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(cache.cache->values, ElementsAre(5, 6, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST_F(AttentionEvaluation, AppendRoundsToTheCacheType) {
  ref::Value cache = emptyCache(1, 1, 1, 2);
  auto done = evaluate("func.func @f(%k: tensor<1x2xf32>, %v: tensor<1x2xf32>, %c: !model.cache<1 x 1 x 1 x 2 x f16>, "
                       "%p: tensor<1xi32>, %b: tensor<1x1xi32>) {"
                       "  model.cache_append %k, %v into %c at %p, %p, %b : tensor<1x2xf32>, tensor<1x2xf32>, "
                       "!model.cache<1 x 1 x 1 x 2 x f16>, tensor<1xi32>, tensor<1xi32>, tensor<1x1xi32>"
                       "  return }",
                       {tensor({1, 2}, {1 + 0x1p-11f, 1e6f}), tensor({1, 2}, {1 + 0x1p-10f, 3}), cache,
                        indices({1}, {0}), indices({1, 1}, {0})});
  ASSERT_TRUE(mlir::succeeded(done)) << messages;
  EXPECT_THAT(cache.cache->keys, ElementsAre(1, INFINITY)); // halfway to even; beyond f16
  EXPECT_THAT(cache.cache->values, ElementsAre(1 + 0x1p-10f, 3));
}

TEST_F(AttentionEvaluation, RefusesSlotsPositionsAndPagesOutside) {
  auto message = [&](int32_t position, int32_t slot, ref::Value table) {
    return fail(append, {tensor({1, 2}, {1, 2}), tensor({1, 2}, {1, 2}), emptyCache(4, 2, 1, 2),
                         indices({1}, {position}), indices({1}, {slot}), table});
  };
  EXPECT_THAT(message(4, 0, blocks),
              HasSubstr("slot 0, position 4 is outside the block table of 2 slots with 2 pages of 2 tokens"));
  EXPECT_THAT(message(-1, 0, blocks), HasSubstr("position -1 is outside"));
  EXPECT_THAT(message(0, 2, blocks), HasSubstr("slot 2, position 0 is outside"));
  EXPECT_THAT(message(0, 0, indices({2, 2}, {4, 0, 1, 2})),
              HasSubstr("block table names page 4 for slot 0, position 0, expected 0..3"));
}

// Keys (ln 4, 0), (0, 0), (0, ln 9) with scale 1/2 against q = (2, 2) give weights 4 : 1 : 9; against (2, 0) 4 : 1 : 1.
// Values one-hot-like.
TEST_F(AttentionEvaluation, IsCausalAcrossPagesAndGroupsHeads) {
  ref::Value cache = emptyCache(4, 2, 1, 2);
  float ln4 = std::log(4.0f), ln9 = std::log(9.0f);
  write(cache, {ln4, 0, 0, 0, 0, ln9}, {1, 0, 0, 1, 0, 0}, {0, 1, 2}, {0, 0, 0});
  // Rows 1 and 2 of the step belong to slot 0 and are its positions 1 and 2; row 0 belongs to nobody.
  ref::Tensor out = run(attend, {tensor({3, 4}, {5, 5, 5, 5, 2, 2, 2, 0, 2, 2, 2, 0}), cache,
                                 indices({2, 4}, {0, 1, 2, 3, 0, 0, 0, 0}), blocks});
  auto near = [](double value) { return FloatNear(static_cast<float>(value), 1e-6f); };
  EXPECT_THAT(std::span(out.f32).subspan(4, 4),
              ElementsAre(near(4 / 5.0), near(1 / 5.0), near(4 / 5.0), near(1 / 5.0)));
  EXPECT_THAT(std::span(out.f32).subspan(8, 4),
              ElementsAre(near(4 / 14.0), near(1 / 14.0), near(4 / 6.0), near(1 / 6.0)));
}

// Four query heads on two kv heads: heads 0 and 1 read kv head 0, heads 2 and 3 kv head 1. With one token the weight
// is 1.
TEST_F(AttentionEvaluation, QueryHeadsShareKvHeadsInOrder) {
  ref::Value cache = emptyCache(1, 1, 2, 1);
  cache.cache->values = {10, 20};
  ref::Tensor out = run("func.func @f(%q: tensor<1x4xf32>, %c: !model.cache<1 x 1 x 2 x 1 x f32>, %s: tensor<1x4xi32>, "
                        "%b: tensor<1x1xi32>) -> tensor<1x4xf32> {"
                        "  %y = model.attention %q over %c at %s, %b heads 4 scale 1.0 : tensor<1x4xf32>, "
                        "!model.cache<1 x 1 x 2 x 1 x f32>, tensor<1x4xi32>, tensor<1x1xi32> -> tensor<1x4xf32>"
                        "  return %y : tensor<1x4xf32> }",
                        {tensor({1, 4}, {1, 2, 3, 4}), cache, indices({1, 4}, {0, 0, 1, 1}), indices({1, 1}, {0})});
  EXPECT_THAT(out.f32, ElementsAre(10, 10, 20, 20));
}

TEST_F(AttentionEvaluation, SurvivesScoresThatOverflowAnExponential) {
  ref::Value cache = emptyCache(4, 2, 1, 2);
  write(cache, {1000, 0, 999, 0}, {1, 0, 0, 1}, {0, 1}, {1, 1});
  ref::Tensor out = run(attend, {tensor({1, 4}, {2000, 0, -2000, 0}), cache, indices({1, 4}, {1, 0, 1, 2}), blocks});
  EXPECT_THAT(out.f32, ElementsAre(1, 0, 0, 1));
}

TEST_F(AttentionEvaluation, RefusesSegmentsThatDoNotFit) {
  auto message = [&](std::vector<int32_t> segment) {
    return fail(attend,
                {tensor({2, 4}, std::vector<float>(8)), emptyCache(4, 2, 1, 2), indices({1, 4}, segment), blocks});
  };
  EXPECT_THAT(message({0, 1, 2, 2}),
              HasSubstr("segment 0 is {0, 1, 2, 2}, expected its rows within the 2 queries and at most its context"));
  EXPECT_THAT(message({0, 0, 2, 1}), HasSubstr("segment 0 is {0, 0, 2, 1}"));
  EXPECT_THAT(message({0, -1, 1, 1}), HasSubstr("segment 0 is {0, -1, 1, 1}"));
  EXPECT_THAT(message({0, 0, 1, 5}), HasSubstr("position 4 is outside the block table"));
}

// The body of a kernel runs like a function's: this is how kernels are compared with their meaning.
TEST_F(AttentionEvaluation, KernelBodiesRunToo) {
  ref::Tensor out = run("kernel.func @k \"linear\" (tensor<1x1xf32>, tensor<2x1xbf16>) -> tensor<1x2xf32> {"
                        "^bb0(%x: tensor<1x1xf32>, %w: tensor<2x1xbf16>):"
                        "  %y = model.linear %x, %w : tensor<1x1xf32>, tensor<2x1xbf16> -> tensor<1x2xf32>"
                        "  %z = model.add %y, %y : tensor<1x2xf32>"
                        "  kernel.yield %z : tensor<1x2xf32> }",
                        {tensor({1, 1}, {3}), tensor({2, 1}, {1, 2})});
  EXPECT_THAT(out.f32, ElementsAre(6, 12));
}

TEST_F(AttentionEvaluation, SymbolsComeFromTheContext) {
  weights["w"] = tensor({2, 1}, {1, 2}).tensor;
  const char *ir = "func.func @f(%x: tensor<?x1xf32>) -> tensor<?x2xf32> {"
                   "  %w = model.get_weight @w : tensor<2x1xf32>"
                   "  %y = model.linear %x, %w : tensor<?x1xf32>, tensor<2x1xf32> -> tensor<?x2xf32>"
                   "  return %y : tensor<?x2xf32> }"
                   "model.weight @w : tensor<2x1xf32> from #model.checkpoint<\"w\", tensor<2x1xf32>> recipe []";
  EXPECT_THAT(run(ir, {tensor({1, 1}, {3})}).f32, ElementsAre(3, 6));
  weights["w"] = tensor({1, 1}, {1}).tensor;
  EXPECT_THAT(fail(ir, {tensor({1, 1}, {3})}),
              HasSubstr("got contents of another shape for @w, expected 'tensor<2x1xf32>'"));
}
} // namespace
