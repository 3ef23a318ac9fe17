// Linear kernels on every instruction set against the reference evaluation of their regions.
//
// Tolerance, relative to the root mean square of the results: sums of n products in f32 err by about sqrt(n) * 2^-24 of
// the products' size; 2e-6 * sqrt(n) leaves an order of magnitude. Results stored as bf16 add one rounding, 2^-8 of the
// largest.
#include "test/codegen/KernelHarness.h"
#include "test/codegen/LinearText.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
// What a target multiplies.
struct Numbers {
  std::string target, dot, weight;
};

void PrintTo(const Numbers &n, std::ostream *out) { *out << n.target << " " << n.dot << " " << n.weight; }

class LinearTest : public testing::TestWithParam<Numbers> {
protected:
  // Runs `text` with several numbers of workers; the first result of each kernel result is returned.
  std::vector<ref::Value> check(LinearText text, uint32_t seed = 1) {
    text.weight = GetParam().weight;
    text.narrow = GetParam().dot != "fma";
    KernelCase kernel(text.text());
    if (!kernel.func())
      return {};
    kernel::TargetAttr resolved = target(GetParam().target);
    kernel.setTarget(resolved);
    std::vector<ref::Value> inputs = kernel.randomInputs(seed);
    if (text.select) // the last row, then every third from the front
      for (int64_t row = 0; row < text.rows; ++row)
        inputs[1].tensor->i32[row] = static_cast<int32_t>(row == 0 ? 3 * text.rows - 1 : 3 * row);
    std::vector<ref::Value> expected = kernel.reference(inputs), first;
    // A rounding of the prepared input or of the result to bf16 may fall either way where sums differ in the last bits.
    double tolerance = 2e-6 * std::sqrt(static_cast<double>(text.inputs));
    if (text.narrow && text.norm)
      tolerance += 4e-3;
    if (text.narrowOut)
      tolerance += 2e-2;
    for (unsigned workers : {1u, 2u, 3u, 7u}) {
      std::vector<ref::Value> got = kernel.run(inputs, workers);
      EXPECT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), tolerance)
            << "result " << i << ", " << workers << " workers\n"
            << text.text();
        if (!first.empty())
          EXPECT_EQ(got[i].tensor->f32, first[i].tensor->f32) << "the number of workers changed bits";
      }
      first = got;
    }
    return first;
  }
};

TEST_P(LinearTest, awkwardShapes) {
  struct {
    int64_t rows, outputs, inputs;
  } shapes[] = {{1, 16, 16}, {1, 1, 1},     {1, 17, 3},  {1, 200, 64},  {2, 33, 130},  {3, 48, 257},   {4, 112, 96},
                {5, 31, 31}, {8, 256, 128}, {9, 40, 72}, {16, 64, 600}, {17, 95, 515}, {37, 50, 1030}, {64, 48, 768}};
  bool bias = false;
  for (auto [rows, outputs, inputs] : shapes)
    check({.rows = rows, .inputs = inputs, .outputs = {outputs}, .bias = bias = !bias});
}

// q, k and v: shares of workers end inside each, and each has its own bias.
TEST_P(LinearTest, siblings) {
  for (int64_t rows : {1, 3, 21})
    check({.rows = rows, .inputs = 96, .outputs = {96, 24, 33}, .bias = true});
}

TEST_P(LinearTest, gateAndUp) {
  for (int64_t rows : {1, 4, 7, 40})
    for (bool narrowOut : {false, true})
      check({.rows = rows, .inputs = 70, .outputs = {83}, .gateUp = true, .narrowOut = narrowOut});
}

TEST_P(LinearTest, residualAndActivation) {
  for (const char *activation : {"", "gelu", "gelu_tanh", "relu"})
    check({.rows = 6, .inputs = 50, .outputs = {36}, .bias = true, .residual = true, .activation = activation});
}

// Sums of very many rows leave scratch for fewer panels at a time.
TEST_P(LinearTest, manyRows) { check({.rows = 1100, .inputs = 34, .outputs = {70}, .gateUp = true}); }

// The input is prepared in the kernel.
TEST_P(LinearTest, normAndSelectedRows) {
  for (int64_t inputs : {64, 77, 200})
    for (bool select : {false, true}) {
      check({.rows = 3, .inputs = inputs, .outputs = {40}, .select = select, .norm = true});
      check({.rows = 2, .inputs = inputs, .outputs = {35, 16}, .select = true, .norm = !select});
    }
}

// A row gives the same bits whatever rows are computed with it.
TEST_P(LinearTest, bitsDoNotDependOnTheNumberOfRows) {
  std::vector<float> first;
  for (int64_t rows : {1, 2, 7, 16, 40}) {
    LinearText text{
        .rows = rows, .inputs = 1030, .outputs = {50}, .weight = GetParam().weight, .narrow = GetParam().dot != "fma"};
    KernelCase kernel(text.text());
    kernel::TargetAttr resolved = target(GetParam().target);
    kernel.setTarget(resolved);
    KernelCase wide(
        LinearText{.rows = 40, .inputs = 1030, .outputs = {50}, .weight = text.weight, .narrow = text.narrow}.text());
    std::vector<ref::Value> inputs = wide.randomInputs(7); // the same rows for all
    inputs[0].tensor->shape[0] = rows;
    inputs[0].tensor->f32.resize(rows * 1030);
    std::vector<ref::Value> got = kernel.run(inputs, 2);
    ASSERT_EQ(got.size(), 1u);
    std::vector<float> row(got[0].tensor->f32.begin(), got[0].tensor->f32.begin() + 50);
    if (first.empty())
      first = row;
    EXPECT_EQ(row, first) << rows << " rows";
  }
}

// What stands in for an instruction gives the instruction's bits, where the machine can tell.
TEST(EmulationTest, givesTheBitsOfTheHardware) {
  bool compared = false;
  for (const char *spec : {"cpu:x86-64-v4+avx512bf16", "cpu:sapphirerapids"})
    for (int64_t rows : {1, 5, 40}) {
      kernel::TargetAttr resolved = target(spec);
      if (executionFor(resolved).emulated())
        continue;
      KernelCase kernel(LinearText{.rows = rows, .inputs = 515, .outputs = {50}, .narrow = true}.text());
      kernel.setTarget(resolved);
      std::vector<ref::Value> inputs = kernel.randomInputs(3), real = kernel.run(inputs, 1);
      kernel.setTarget(resolved); // compiles again
      kernel.setExecution(emulated());
      std::vector<ref::Value> stand = kernel.run(inputs, 1);
      ASSERT_TRUE(real.size() == 1 && stand.size() == 1);
      EXPECT_EQ(real[0].tensor->f32, stand[0].tensor->f32) << spec << ", " << rows << " rows";
      compared = true;
    }
  if (!compared)
    GTEST_SKIP() << "needs avx512bf16 or AMX";
}

INSTANTIATE_TEST_SUITE_P(Targets, LinearTest,
                         testing::Values(Numbers{"cpu:x86-64-v3", "fma", "bf16"},
                                         Numbers{"cpu:x86-64-v3", "fma", "f32"}, Numbers{"cpu:x86-64-v3", "fma", "f16"},
                                         Numbers{"cpu:x86-64-v4", "fma", "bf16"},
                                         Numbers{"cpu:x86-64-v4", "fma", "f32"}, Numbers{"cpu:x86-64-v4", "fma", "f16"},
                                         Numbers{"cpu:x86-64-v4+avx512bf16", "bf16", "bf16"},
                                         Numbers{"cpu:sapphirerapids", "amx", "bf16"}),
                         [](const auto &info) {
                           std::string name = info.param.target + "_" + info.param.dot + "_" + info.param.weight;
                           for (char &c : name)
                             c = isalnum(c) ? c : '_';
                           return name;
                         });
} // namespace
