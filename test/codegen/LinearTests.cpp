// Linear kernels on every instruction set against the reference evaluation of their regions.
//
// Tolerance, relative to the root mean square of the results: sums of n products in f32 err by about sqrt(n) * 2^-24 of
// the products' size; 2e-6 * sqrt(n) leaves an order of magnitude. Results stored as bf16 add one rounding, 2^-8 of the
// largest.
#include "test/codegen/KernelHarness.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Shape {
  int64_t rows, outputs, inputs;
};

// Tensor types of a kernel for one target: what its dot wants for input and weights.
struct Numbers {
  std::string target, dot, weight;
  bool narrow() const { return dot != "fma"; } // the input is rounded to bf16
  std::string layout() const {
    return weight == "bf16" ? "#kernel.packed<n = 16, k = 2>" : "#kernel.packed<n = 16, k = 1>";
  }
};

std::string tensor(int64_t rows, int64_t columns, const std::string &type = "f32") {
  return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) + "x" + type + ">";
}
std::string vector(int64_t n) { return "tensor<" + std::to_string(n) + "xf32>"; }

// As choose-tiling does it.
kernel::TilingAttr tilingFor(kernel::TargetAttr target, const std::string &dot, int64_t rows) {
  int64_t sums = target.number("accumulators");
  if (rows <= target.number("decode_rows")) {
    int64_t panels = std::clamp<int64_t>(sums / rows, 1, target.number("weight_streams"));
    return kernel::TilingAttr::get(target.getContext(), dot, rows, panels, 0, panels, target.number("prefetch_bytes"));
  }
  return kernel::TilingAttr::get(target.getContext(), dot, target.number("gemm_rows"), target.number("gemm_panels"),
                                 target.number("gemm_depth"), 1, 0);
}

void PrintTo(const Numbers &n, std::ostream *out) { *out << n.target << " " << n.dot << " " << n.weight; }

class LinearTest : public testing::TestWithParam<Numbers> {
protected:
  double tolerance(int64_t inputs) { return 2e-6 * std::sqrt(static_cast<double>(inputs)); }

  void check(const std::string &text, const Shape &shape, double tolerance, uint32_t seed = 1) {
    KernelCase kernel(text);
    ASSERT_TRUE(kernel.func());
    kernel::TargetAttr resolved = target(GetParam().target);
    kernel.setTarget(resolved, tilingFor(resolved, GetParam().dot, shape.rows));
    std::vector<ref::Value> inputs = kernel.randomInputs(seed);
    std::vector<ref::Value> expected = kernel.reference(inputs), first;
    for (unsigned workers : {1u, 2u, 3u, 7u}) {
      std::vector<ref::Value> got = kernel.run(inputs, workers);
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_LE(relativeError(*got[i].tensor, *expected[i].tensor), tolerance)
            << "result " << i << ", " << workers << " workers, " << shape.rows << " x " << shape.outputs << " x "
            << shape.inputs << "\n"
            << text;
        if (!first.empty())
          EXPECT_EQ(got[i].tensor->f32, first[i].tensor->f32) << "the number of workers changed bits";
      }
      first = got;
    }
  }

  // One linear over an operand, with an optional bias.
  std::string plain(const Shape &s, bool bias) {
    const Numbers &n = GetParam();
    std::string x = tensor(s.rows, s.inputs, n.narrow() ? "bf16" : "f32"), w = tensor(s.outputs, s.inputs, n.weight),
                y = tensor(s.rows, s.outputs), b = vector(s.outputs);
    std::string types = x + ", " + w + (bias ? ", " + b : ""),
                arguments = "%x: " + x + ", %w: " + w + (bias ? ", %b: " + b : "");
    return "kernel.func @k \"linear\" (" + types + ") -> " + y + " layouts [unit, " + n.layout() +
           (bias ? ", unit" : "") + "] {\n^bb0(" + arguments + "):\n  %y = model.linear %x, %w " +
           (bias ? "bias %b " : "") + ": " + types + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n";
  }
};

TEST_P(LinearTest, matchesTheReferenceForAwkwardShapes) {
  for (Shape shape : {Shape{1, 16, 16},
                      {1, 1, 1},
                      {1, 17, 3},
                      {1, 200, 64},
                      {2, 33, 130},
                      {3, 48, 257},
                      {4, 112, 96},
                      {5, 31, 31},
                      {7, 80, 64},
                      {8, 256, 128},
                      {9, 40, 72},
                      {16, 64, 600},
                      {17, 95, 515},
                      {37, 50, 1030},
                      {64, 48, 768}})
    for (bool bias : {false, true})
      check(plain(shape, bias), shape, tolerance(shape.inputs));
}

INSTANTIATE_TEST_SUITE_P(Targets, LinearTest,
                         testing::Values(Numbers{"cpu:x86-64-v3", "fma", "bf16"},
                                         Numbers{"cpu:x86-64-v3", "fma", "f32"}, Numbers{"cpu:x86-64-v3", "fma", "f16"},
                                         Numbers{"cpu:x86-64-v4", "fma", "bf16"},
                                         Numbers{"cpu:x86-64-v4", "fma", "f32"}, Numbers{"cpu:x86-64-v4", "fma", "f16"},
                                         Numbers{"cpu:x86-64-v4+avx512bf16", "bf16", "bf16"}),
                         [](const auto &info) {
                           std::string name = info.param.target + "_" + info.param.dot + "_" + info.param.weight;
                           for (char &c : name)
                             c = isalnum(c) ? c : '_';
                           return name;
                         });
} // namespace
