// Quantized rows on every instruction set: codes and scales equal to the reference's bits.
#include "test/codegen/RowCase.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Groups {
  int64_t group, sums;
};
constexpr Groups kGroups[] = {{0, 0}, {0, 32}, {0, 64}, {0, 128}, {32, 32}, {32, 0}, {32, 128}, {64, 32}};
constexpr int64_t kColumns[] = {1, 15, 16, 17, 31, 32, 33, 64, 100, 129, 200, 1030};

std::string rowsText(int64_t rows, int64_t columns, Groups groups) {
  return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
         "x!qt.quantized<#qt.rows_int8<group = " + std::to_string(groups.group) +
         ", sums = " + std::to_string(groups.sums) + ">>>";
}

class QuantizeRowTest : public testing::TestWithParam<std::string> {
protected:
  // Runs with several numbers of workers, which must all leave the same bits. Reading results checks sums and padding.
  ref::Tensor run(const std::string &text, const std::vector<ref::Value> &inputs, ref::Tensor &expected) {
    KernelCase kernel(text);
    setTarget(kernel, GetParam());
    expected = *kernel.reference(inputs)[0].tensor;
    ref::Tensor first = *kernel.run(inputs, 1)[0].tensor, more = *kernel.run(inputs, 3)[0].tensor;
    EXPECT_TRUE(first.i32 == more.i32 && sameBits(first.scales, more.scales)) << "3 workers changed bits";
    return first;
  }

  void checkExact(int64_t rows, int64_t columns, Groups groups,
                  llvm::function_ref<void(std::vector<float> &)> change = nullptr) {
    std::string x = tensorText({rows, columns}), y = rowsText(rows, columns, groups);
    std::string text = "kernel.func @k \"norm\" (" + x + ") -> " + y + " {\n^bb0(%x: " + x +
                       "):\n  %y = qt.quantize_rows %x : " + x + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n";
    std::vector<ref::Value> inputs = KernelCase(text).randomInputs(3);
    if (change)
      change(inputs[0].tensor->f32);
    ref::Tensor expected, got = run(text, inputs, expected);
    EXPECT_EQ(got.i32, expected.i32) << text;
    EXPECT_TRUE(sameBits(got.scales, expected.scales)) << text;
  }
};

TEST_P(QuantizeRowTest, codesAreTheReferences) {
  for (Groups groups : kGroups)
    for (int64_t columns : kColumns)
      checkExact(2, columns, groups);
  checkExact(9, 2048, {0, 128});
}

// Halves round to even, -0 and zeros are 0, the largest magnitude is 127 with either sign, nothing overflows.
TEST_P(QuantizeRowTest, extremes) {
  for (Groups groups : {Groups{0, 0}, Groups{32, 32}}) {
    checkExact(3, 70, groups, [](std::vector<float> &x) { std::fill(x.begin(), x.end(), 0.0f); });
    checkExact(1, 256, groups, [](std::vector<float> &x) {
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(i) / 2 - 64;
      x[10] = -127;
      x[200] = 127;
    });
    for (float size : {1e-42f, 1e-31f, 7.0e-31f, 9.0e-31f, 1e-20f, 1e15f, 1e37f})
      checkExact(1, 96, groups, [&](std::vector<float> &x) {
        for (float &v : x)
          v *= size;
      });
    checkExact(1, 96, groups, [](std::vector<float> &x) {
      x[5] = -std::numeric_limits<float>::max();
      x[40] = -0.0f;
    });
  }
}

// After a norm the reference's sum of squares differs in the last bits: a code may fall to the other side.
TEST_P(QuantizeRowTest, normAndSelectedRows) {
  for (Groups groups : {Groups{0, 128}, Groups{32, 32}})
    for (int64_t columns : {48, 77, 500}) {
      std::string x = tensorText({6, columns}), s = tensorText({2, columns}), gain = tensorText({columns}),
                  rows = tensorText({2}, "i32"), y = rowsText(2, columns, groups);
      std::string text = "kernel.func @k \"norm\" (" + x + ", " + rows + ", " + gain + ") -> " + y +
                         " {\n^bb0(%x: " + x + ", %r: " + rows + ", %g: " + gain +
                         "):\n  %s = model.select_rows %x, %r : " + x + ", " + rows + " -> " + s +
                         "\n  %n = model.rms_norm %s, %g eps 1.0e-05 : " + s + ", " + gain + " -> " + s +
                         "\n  %y = qt.quantize_rows %n : " + s + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n";
      std::vector<ref::Value> inputs = KernelCase(text).randomInputs(4);
      inputs[1].tensor->i32 = {5, 2};
      ref::Tensor expected, got = run(text, inputs, expected);
      ASSERT_EQ(got.i32.size(), expected.i32.size());
      size_t differing = 0;
      for (size_t i = 0; i < got.i32.size(); ++i) {
        EXPECT_LE(std::abs(got.i32[i] - expected.i32[i]), 1);
        differing += got.i32[i] != expected.i32[i];
      }
      EXPECT_LE(differing, got.i32.size() / 200) << text;
      for (size_t i = 0; i < got.scales.size(); ++i)
        EXPECT_NEAR(got.scales[i], expected.scales[i], 2e-6 * expected.scales[i]);
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, QuantizeRowTest, everyIsa(), isaName);
} // namespace
