// Gather, norm and elementwise kernels on every instruction set against the reference evaluation.
#include "test/codegen/RowCase.h"
#include "test/codegen/RowText.h"
#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
class RowKernelTest : public testing::TestWithParam<std::string> {
protected:
  // Largest error of any result, relative to its root mean square. `prepare` fills in indices.
  void check(const std::string &text, double tolerance,
             llvm::function_ref<void(std::vector<ref::Value> &)> prepare = nullptr) {
    KernelCase kernel(text);
    setTarget(kernel, GetParam());
    std::vector<ref::Value> inputs = kernel.randomInputs(5), got, after;
    if (prepare)
      prepare(inputs);
    std::vector<ref::Value> expected = kernel.reference(inputs);
    runForAllWorkers(kernel, inputs, got, after);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), tolerance) << text;
  }
};

constexpr int64_t kColumns[] = {1, 15, 16, 17, 40, 65, 200};

// Rows are copied, widened or dequantized: equal to the reference. Tokens include the last row of a partly filled
// panel.
TEST_P(RowKernelTest, gatherCopiesRowsOfAnyLayout) {
  struct Table {
    const char *type, *layout;
  };
  for (Table table : {Table{"f32", "unit"},
                      {"f16", "unit"},
                      {"bf16", "unit"},
                      {"bf16", "#kernel.packed<n = 16, k = 2>"},
                      {"f32", "#kernel.packed<n = 16, k = 1>"},
                      {"f16", "#kernel.packed<n = 16, k = 1>"},
                      {"bf16", "#kernel.packed<n = 16, k = 4>"},
                      {"bf16", "#kernel.packed<n = 32, k = 2>"},
                      {"!qt.quantized<#qt.int8>", "#kernel.packed<n = 16, k = 4>"},
                      {"!qt.quantized<#qt.q8_0>", "#kernel.packed<n = 16, k = 4>"},
                      {"!qt.quantized<#qt.q4_0>", "#kernel.packed<n = 16, k = 8>"},
                      {"!qt.quantized<#qt.int4_group<group = 64, asym = true>>", "#kernel.packed<n = 16, k = 8>"}})
    for (int64_t columns : kColumns)
      check(gatherText(5, 37, columns, table.type, table.layout), 0,
            [](std::vector<ref::Value> &inputs) { inputs[0].tensor->i32 = {36, 0, 15, 16, 36}; });
}

// Four f32 operations per element after a sum whose error averages out; as bf16 one step of the largest element.
TEST_P(RowKernelTest, normMatchesTheReference) {
  for (int64_t columns : kColumns)
    for (int64_t rows : {1, 2, 9}) {
      check(normText(rows, columns, "f32"), 2e-6);
      check(normText(rows, columns, "bf16"), 3e-2);
    }
  check(normText(3, 2048, "f32"), 2e-6);
}

TEST_P(RowKernelTest, normOfTinyAndHugeRowsStaysFinite) {
  for (float size : {1e-20f, 1e-4f, 1e15f})
    check(normText(2, 40, "f32"), 2e-6, [&](std::vector<ref::Value> &inputs) {
      for (float &x : inputs[0].tensor->f32)
        x *= size;
    });
}

TEST_P(RowKernelTest, rowsAreSelectedBeforeTheNorm) {
  for (int64_t columns : {16, 50}) {
    std::string x = tensorText({7, columns}), rows = tensorText({3}, "i32"), gain = tensorText({columns}),
                s = tensorText({3, columns}), y = tensorText({3, columns}, "bf16");
    std::string head = " (" + x + ", " + rows + ", " + gain + ") -> " + y + " {\n^bb0(%x: " + x + ", %r: " + rows +
                       ", %g: " + gain + "):\n  %s = model.select_rows %x, %r : " + x + ", " + rows + " -> " + s + "\n";
    auto pick = [](std::vector<ref::Value> &inputs) { inputs[1].tensor->i32 = {6, 0, 6}; };
    check("kernel.func @k \"norm\"" + head + "  %n = model.rms_norm %s, %g eps 1.0e-05 : " + s + ", " + gain + " -> " +
              s + "\n  %y = model.cast %n : " + s + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n",
          3e-2, pick);
    check("kernel.func @k \"norm\"" + head + "  %y = model.cast %s : " + s + " -> " + y + "\n  kernel.yield %y : " + y +
              "\n}\n",
          0, pick);
  }
}

// One rounding per op, so equal but for the exponential of silu; two results of one chain.
TEST_P(RowKernelTest, elementwiseMatchesTheReference) {
  for (int64_t columns : kColumns)
    for (int64_t rows : {1, 3}) {
      std::string t = tensorText({rows, columns}), narrow = tensorText({rows, columns}, "bf16");
      std::string head = "kernel.func @k \"elementwise\" (" + t + ", " + t + ") -> ",
                  body = " {\n^bb0(%a: " + t + ", %b: " + t + "):\n";
      check(head + t + body + "  %y = model.add %a, %b : " + t + "\n  kernel.yield %y : " + t + "\n}\n", 0);
      check(head + "(" + t + ", " + narrow + ")" + body + "  %s = model.activation silu %a : " + t +
                "\n  %m = model.mul %s, %b : " + t + "\n  %y = model.cast %m : " + t + " -> " + narrow +
                "\n  kernel.yield %s, %y : " + t + ", " + narrow + "\n}\n",
            5e-2);
      check(head + t + body + "  %s = model.activation gelu_tanh %a : " + t + "\n  %y = model.mul %s, %b : " + t +
                "\n  kernel.yield %y : " + t + "\n}\n",
            3e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, RowKernelTest, everyIsa(), isaName);
} // namespace
