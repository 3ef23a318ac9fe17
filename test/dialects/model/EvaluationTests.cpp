// The reference evaluation against cases small enough to work out by hand. Expected numbers come from the formulas in
// the op descriptions, not from the code under test.
#include "ReferenceFixture.h"
#include <cmath>
#include <gmock/gmock.h>
#include <span>

using namespace tenon;
using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;
using testing::HasSubstr;

namespace {
class Evaluation : public ReferenceFixture {};

TEST_F(Evaluation, EmbeddingWidensTheRowsThatTokensName) {
  auto out = run("func.func @f(%t: tensor<?xi32>, %e: tensor<3x2xbf16>) -> tensor<?x2xf32> {"
                 "  %y = model.embedding %t, %e : tensor<?xi32>, tensor<3x2xbf16> -> tensor<?x2xf32>"
                 "  return %y : tensor<?x2xf32> }",
                 {indices({2}, {2, 0}), tensor({3, 2}, {0, 1, 10, 11, 20, 21})});
  EXPECT_THAT(out.shape, ElementsAre(2, 2));
  EXPECT_THAT(out.f32, ElementsAre(20, 21, 0, 1));
}

TEST_F(Evaluation, EmbeddingRefusesAnIdOutsideTheTable) {
  for (int32_t id : {-1, 3})
    EXPECT_THAT(fail("func.func @f(%t: tensor<?xi32>, %e: tensor<3x2xbf16>) -> tensor<?x2xf32> {"
                     "  %y = model.embedding %t, %e : tensor<?xi32>, tensor<3x2xbf16> -> tensor<?x2xf32>"
                     "  return %y : tensor<?x2xf32> }",
                     {indices({2}, {0, id}), tensor({3, 2}, {0, 1, 10, 11, 20, 21})}),
                HasSubstr("index " + std::to_string(id) + " at position 1 is outside the table of 3 rows"));
}

TEST_F(Evaluation, SelectRowsRepeatsAndReorders) {
  auto out = run("func.func @f(%x: tensor<?x2xf32>, %r: tensor<?xi32>) -> tensor<?x2xf32> {"
                 "  %y = model.select_rows %x, %r : tensor<?x2xf32>, tensor<?xi32> -> tensor<?x2xf32>"
                 "  return %y : tensor<?x2xf32> }",
                 {tensor({2, 2}, {1, 2, 3, 4}), indices({3}, {1, 0, 1})});
  EXPECT_THAT(out.f32, ElementsAre(3, 4, 1, 2, 3, 4));
}

// Row (3, 4): mean square 12.5. With eps = 0 the divisor is sqrt(12.5); a row of zeros needs eps.
TEST_F(Evaluation, RmsNormDividesByTheRootMeanSquare) {
  auto out = run("func.func @f(%x: tensor<2x2xf32>, %g: tensor<2xf32>) -> tensor<2x2xf32> {"
                 "  %y = model.rms_norm %x, %g eps 0.25 : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>"
                 "  return %y : tensor<2x2xf32> }",
                 {tensor({2, 2}, {3, 4, 0, 0}), tensor({2}, {1, 10})});
  double divisor = std::sqrt(12.75);
  EXPECT_THAT(out.f32, ElementsAre(FloatEq(3 / divisor), FloatEq(40 / divisor), 0, 0));
}

TEST_F(Evaluation, LinearMultipliesByTheTransposeAndAddsTheBias) {
  auto out =
      run("func.func @f(%x: tensor<?x3xf32>, %w: tensor<2x3xf32>, %b: tensor<2xf32>) -> tensor<?x2xf32> {"
          "  %y = model.linear %x, %w bias %b : tensor<?x3xf32>, tensor<2x3xf32>, tensor<2xf32> -> tensor<?x2xf32>"
          "  return %y : tensor<?x2xf32> }",
          {tensor({2, 3}, {1, 2, 3, 4, 5, 6}), tensor({2, 3}, {1, 0, -1, 2, 2, 2}), tensor({2}, {100, 0.5})});
  EXPECT_THAT(out.f32, ElementsAre(98, 12.5, 98, 30.5));
}

// More rows than one block of the loop, and a result that is rounded to bf16: 257 lies between 256 and 258.
TEST_F(Evaluation, LinearTakesManyRowsAndRoundsToItsResultType) {
  std::vector<float> x;
  for (int i = 0; i < 37; ++i)
    x.push_back(static_cast<float>(i));
  auto out =
      run("func.func @f(%x: tensor<?x1xf32>, %w: tensor<1x1xf32>, %b: tensor<1xf32>) -> tensor<?x1xbf16> {"
          "  %y = model.linear %x, %w bias %b : tensor<?x1xf32>, tensor<1x1xf32>, tensor<1xf32> -> tensor<?x1xbf16>"
          "  return %y : tensor<?x1xbf16> }",
          {tensor({37, 1}, x), tensor({1, 1}, {1}), tensor({1}, {225})});
  for (int i = 0; i < 31; ++i)
    EXPECT_EQ(out.f32[i], 225 + i);
  EXPECT_EQ(out.f32[32], 256); // 257, halfway: to even
  EXPECT_EQ(out.f32[34], 260); // 259, halfway: to even
  EXPECT_EQ(out.f32[36], 260); // 261, halfway: to even
}

TEST_F(Evaluation, AddAndMul) {
  auto out = run("func.func @f(%a: tensor<1x2xf32>, %b: tensor<1x2xf32>) -> tensor<1x2xf32> {"
                 "  %s = model.add %a, %b : tensor<1x2xf32> %y = model.mul %s, %b : tensor<1x2xf32>"
                 "  return %y : tensor<1x2xf32> }",
                 {tensor({1, 2}, {1, 2}), tensor({1, 2}, {10, -3})});
  EXPECT_THAT(out.f32, ElementsAre(110, 3));
}

// Textbook values: sigmoid(1) = 0.7310586, Phi(1) = 0.8413447, gelu_tanh(1) = 0.8411920.
TEST_F(Evaluation, Activations) {
  auto activate = [&](std::string kind) {
    return run("func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {"
               "  %y = model.activation " +
                   kind + " %x : tensor<1x4xf32> return %y : tensor<1x4xf32> }",
               {tensor({1, 4}, {-1, 0, 1, -200})})
        .f32;
  };
  EXPECT_THAT(activate("silu"),
              ElementsAre(FloatNear(-0.2689414f, 1e-6f), 0, FloatNear(0.7310586f, 1e-6f), FloatNear(0, 1e-30f)));
  EXPECT_THAT(activate("gelu"), ElementsAre(FloatNear(-0.1586553f, 1e-6f), 0, FloatNear(0.8413447f, 1e-6f), 0));
  EXPECT_THAT(activate("gelu_tanh"), ElementsAre(FloatNear(-0.1588080f, 1e-6f), 0, FloatNear(0.8411920f, 1e-6f), 0));
  EXPECT_THAT(activate("relu"), ElementsAre(0, 0, 1, 0));
}

// bf16 keeps 8 bits: 1 + 2^-8 is halfway between 1 and 1 + 2^-7 and goes to the even one, 1 + 3 * 2^-8 up to 1 + 2^-6.
TEST_F(Evaluation, CastRoundsToNearestEven) {
  float huge = std::bit_cast<float>(0x7f7fffffu);
  auto out = run("func.func @f(%x: tensor<1x6xf32>) -> tensor<1x6xbf16> {"
                 "  %y = model.cast %x : tensor<1x6xf32> -> tensor<1x6xbf16> return %y : tensor<1x6xbf16> }",
                 {tensor({1, 6}, {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, -1 - 0x1p-8f, huge, NAN})});
  EXPECT_THAT(std::span(out.f32).first(5), ElementsAre(1, 1 + 0x1p-6f, 1 + 0x1p-7f, -1, INFINITY));
  EXPECT_TRUE(std::isnan(out.f32[5]));
}

// Two heads of size 4 and a table whose second row turns dimension pair 0 by 90 degrees and pair 1 not at all:
// (x0, x1, x2, x3) -> (-x2, x1, x0, x3).
TEST_F(Evaluation, RopeTurnsHalvesAgainstEachOther) {
  auto out =
      run("func.func @f(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %t: tensor<2x4xf32>) -> tensor<?x8xf32> {"
          "  %y = model.rope %x, %p, %t heads 2 : tensor<?x8xf32>, tensor<?xi32>, tensor<2x4xf32> -> tensor<?x8xf32>"
          "  return %y : tensor<?x8xf32> }",
          {tensor({2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}), indices({2}, {1, 0}),
           tensor({2, 4}, {1, 1, 0, 0, 0, 1, 1, 0})});
  EXPECT_THAT(out.f32, ElementsAre(-3, 2, 1, 4, -7, 6, 5, 8, 1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(Evaluation, RopeRefusesAPositionOutsideTheTable) {
  EXPECT_THAT(
      fail("func.func @f(%x: tensor<?x2xf32>, %p: tensor<?xi32>, %t: tensor<2x2xf32>) -> tensor<?x2xf32> {"
           "  %y = model.rope %x, %p, %t heads 1 : tensor<?x2xf32>, tensor<?xi32>, tensor<2x2xf32> -> tensor<?x2xf32>"
           "  return %y : tensor<?x2xf32> }",
           {tensor({1, 2}, {1, 2}), indices({1}, {2}), tensor({2, 2}, {1, 0, 1, 0})}),
      HasSubstr("position 2 of row 0 is outside the table of 2 rows"));
}
} // namespace
