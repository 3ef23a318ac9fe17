// Linear kernels on codes of weights and activations, on every instruction set, against the reference evaluation.
//
// Integer sums are exact: with scales of one every result is an integer below 2^24 and equal to the reference to the
// bit. With scales the f32 sum of G groups errs by about sqrt(G) * 2^-24; 2e-6 * sqrt(G) leaves an order of magnitude.
#include "test/codegen/KernelHarness.h"
#include "test/codegen/LinearText.h"
#include "test/codegen/QuantizedBytes.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Format {
  std::string weight;
  int64_t rowGroup;
};

const Format kFormats[] = {{"#qt.int8", 0},
                           {"#qt.int8", 32},
                           {"#qt.q8_0", 32},
                           {"#qt.q4_0", 32},
                           {"#qt.q4_0", 0},
                           {"#qt.int8_group<group = 64>", 0},
                           {"#qt.int8_group<group = 32, asym = true>", 32},
                           {"#qt.int8_group<group = 128, asym = true>", 0},
                           {"#qt.int4_group<group = 32, asym = true>", 32},
                           {"#qt.int4_group<group = 64>", 32},
                           {"#qt.int4_group<group = 128>", 0},
                           {"#qt.int4_group<group = 128, asym = true>", 0},
                           {"#qt.int4_group<group = 128>", 32}, // --quant int4_wo
                           {"#qt.int4_group<group = 128, asym = true>", 32},
                           {"#qt.int8_group<group = 128>", 32}};

class LinearCodesTest : public testing::TestWithParam<std::tuple<std::string, Format>> {
protected:
  static LinearText withFormat(LinearText text) {
    text.weight = std::get<1>(GetParam()).weight;
    text.rowGroup = std::get<1>(GetParam()).rowGroup;
    return text;
  }
  static kernel::TargetAttr resolved() { return target(std::get<0>(GetParam())); }

  static std::vector<ref::Value> run(KernelCase &kernel, const std::vector<ref::Value> &inputs, double tolerance,
                                     const std::string &what) {
    std::vector<ref::Value> expected = kernel.reference(inputs), first;
    for (unsigned workers : {1u, 3u}) {
      std::vector<ref::Value> got = kernel.run(inputs, workers);
      EXPECT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), tolerance) << "result " << i << "\n" << what;
        if (!first.empty())
          EXPECT_EQ(got[i].tensor->f32, first[i].tensor->f32) << "the number of workers changed bits";
      }
      first = got;
    }
    return first;
  }

  void check(LinearText text) {
    text = withFormat(text);
    KernelCase kernel(text.text());
    if (!kernel.func())
      return;
    kernel.setTarget(resolved());
    std::vector<ref::Value> inputs = kernel.randomInputs(1);
    if (text.select)
      for (int64_t row = 0; row < text.rows; ++row)
        inputs[1].tensor->i32[row] = static_cast<int32_t>(row == 0 ? 3 * text.rows - 1 : 3 * row);
    double tolerance = 2e-6 * std::sqrt(static_cast<double>(text.inputs) / 32 + 1);
    if (text.gateUp) // products of two, the largest far above the mean
      tolerance *= 3;
    if (text.norm) // a code may round to the other side
      tolerance += 2e-2;
    run(kernel, inputs, tolerance, text.text());
  }
};

TEST_P(LinearCodesTest, awkwardShapes) {
  struct {
    int64_t rows, outputs, inputs;
  } shapes[] = {{1, 17, 3}, {1, 200, 64}, {2, 33, 130}, {8, 160, 128}, {9, 40, 72}, {17, 95, 515}, {37, 50, 1030}};
  bool bias = false;
  for (auto [rows, outputs, inputs] : shapes)
    check({.rows = rows, .inputs = inputs, .outputs = {outputs}, .bias = bias = !bias});
}

TEST_P(LinearCodesTest, siblings) {
  for (int64_t rows : {1, 21})
    check({.rows = rows, .inputs = 288, .outputs = {96, 24, 33}, .bias = true});
}

TEST_P(LinearCodesTest, gateAndUp) {
  for (int64_t rows : {1, 4, 40})
    check({.rows = rows, .inputs = 70, .outputs = {83}, .gateUp = true});
}

TEST_P(LinearCodesTest, residualAndActivation) {
  check({.rows = 6, .inputs = 150, .outputs = {36}, .bias = true, .residual = true, .activation = "gelu"});
}

// The input is prepared in the kernel.
TEST_P(LinearCodesTest, normAndSelectedRows) {
  check({.rows = 3, .inputs = 200, .outputs = {40}, .norm = true});
  check({.rows = 2, .inputs = 333, .outputs = {35, 16}, .select = true, .norm = true});
  check({.rows = 2, .inputs = 100, .outputs = {35, 16}, .select = true});
}

// Scales of one, codes at the ends of their range: sums of products reach what saturates in 16 bits.
TEST_P(LinearCodesTest, integerSumsAreExact) {
  for (auto [rows, inputs] : {std::pair<int64_t, int64_t>{1, 96}, {3, 515}, {37, 515}}) {
    LinearText text = withFormat({.rows = rows, .inputs = inputs, .outputs = {50}});
    KernelCase kernel(text.text());
    kernel.setTarget(resolved());
    std::vector<ref::Value> values = kernel.randomInputs(9);
    ref::Tensor &x = *values[0].tensor, &weight = *values[1].tensor;
    qt::Storage storage =
        qt::schemeOf(cast<RankedTensorType>(kernel.func().getFunctionType().getInput(1))).getStorage();
    std::fill(x.scales.begin(), x.scales.end(), 1.0f);
    std::fill(weight.scales.begin(), weight.scales.end(), 1.0f);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < inputs; ++i)
        x.i32[row * inputs + i] = (row + i / 40) % 3 == 0 ? -127 : (row + i / 9) % 2 ? 127 : x.i32[row * inputs + i];
    for (int64_t output = 0; output < 50; ++output)
      for (int64_t i = 0; i < inputs; ++i) {
        auto zero = zeroPoint(storage, output, i / weight.group);
        if (output % 3 != 2)
          weight.i32[output * inputs + i] =
              (output % 3 == 0 || i % 7 < 5 ? static_cast<int32_t>(storage.maxCode()) : 0) - zero;
      }
    run(kernel, values, 0, text.text());
  }
}

// A row gives the same bits whatever rows are computed with it.
TEST_P(LinearCodesTest, bitsDoNotDependOnTheNumberOfRows) {
  std::vector<float> first;
  std::vector<ref::Value> inputs =
      KernelCase(withFormat({.rows = 40, .inputs = 1030, .outputs = {50}}).text()).randomInputs(7);
  ref::Tensor all = *inputs[0].tensor;
  for (int64_t rows : {1, 2, 7, 16, 40}) {
    KernelCase kernel(withFormat({.rows = rows, .inputs = 1030, .outputs = {50}}).text());
    kernel.setTarget(resolved());
    ref::Tensor part = all;
    part.shape[0] = rows;
    part.i32.resize(rows * 1030);
    part.scales.resize(all.scales.size() / 40 * rows);
    *inputs[0].tensor = part;
    std::vector<ref::Value> got = kernel.run(inputs, 2);
    ASSERT_EQ(got.size(), 1u);
    std::vector<float> row(got[0].tensor->f32.begin(), got[0].tensor->f32.begin() + 50);
    if (first.empty())
      first = row;
    EXPECT_EQ(row, first) << rows << " rows";
  }
}

std::string formatName(const testing::TestParamInfo<std::tuple<std::string, Format>> &info) {
  const auto &[target, format] = info.param;
  std::string name;
  for (char c : target + format.weight.substr(3) + "_rows" + std::to_string(format.rowGroup))
    if (isalnum(static_cast<unsigned char>(c)) || c == '_')
      name += c;
  return name;
}

// Rows of floats meet the same weights dequantized: sums in f32, as LinearTests bounds them.
class LinearDequantizeTest : public LinearCodesTest {};

TEST_P(LinearDequantizeTest, matchesTheReference) {
  struct {
    int64_t rows, outputs, inputs;
  } shapes[] = {{1, 17, 3}, {1, 200, 64}, {3, 33, 130}, {9, 40, 600}, {37, 50, 1030}};
  std::vector<float> first;
  for (auto [rows, outputs, inputs] : shapes) {
    LinearText text = withFormat({.rows = rows, .inputs = inputs, .outputs = {outputs}, .bias = true, .floats = true});
    KernelCase kernel(text.text());
    kernel.setTarget(resolved());
    run(kernel, kernel.randomInputs(5), 2e-6 * std::sqrt(static_cast<double>(inputs)), text.text());
  }
  check({.rows = 2, .inputs = 288, .outputs = {96, 24}, .norm = true, .floats = true});
  check({.rows = 12, .inputs = 70, .outputs = {83}, .gateUp = true, .floats = true});
}

std::vector<Format> formats(std::initializer_list<size_t> which) {
  std::vector<Format> some;
  for (size_t index : which)
    some.push_back(kFormats[index]);
  return some;
}

// Everything once; on the others what takes another way there.
INSTANTIATE_TEST_SUITE_P(Vnni, LinearCodesTest,
                         testing::Combine(testing::Values("cpu:x86-64-v4+avx512vnni"), testing::ValuesIn(kFormats)),
                         formatName);
INSTANTIATE_TEST_SUITE_P(Floats, LinearDequantizeTest,
                         testing::Combine(testing::Values("cpu:x86-64-v3", "cpu:x86-64-v4"),
                                          testing::ValuesIn(formats({0, 3, 7, 10, 11}))),
                         formatName);
INSTANTIATE_TEST_SUITE_P(Avx2, LinearCodesTest,
                         testing::Combine(testing::Values("cpu:x86-64-v3"),
                                          testing::ValuesIn(formats({0, 1, 3, 7, 11, 12}))),
                         formatName);
INSTANTIATE_TEST_SUITE_P(Avx512, LinearCodesTest,
                         testing::Combine(testing::Values("cpu:x86-64-v4"), testing::ValuesIn(formats({0, 8, 12}))),
                         formatName);
INSTANTIATE_TEST_SUITE_P(Amx, LinearCodesTest,
                         testing::Combine(testing::Values("cpu:sapphirerapids"),
                                          testing::ValuesIn(formats({0, 1, 2, 7, 11}))),
                         formatName);
} // namespace
