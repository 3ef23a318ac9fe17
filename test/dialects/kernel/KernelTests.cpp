// What C++ asks of the kernel dialect's attributes and functions.
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace tenon;

namespace {
class Kernel : public testing::Test {
protected:
  Kernel() { context.loadDialect<kernel::KernelDialect, model::ModelDialect>(); }
  mlir::MLIRContext context;
};

TEST_F(Kernel, TargetTellsFeaturesAndNumbers) {
  auto target = mlir::cast<kernel::TargetAttr>(
      mlir::parseAttribute("#kernel.target<\"t\", \"x86_64-unknown-linux-gnu\", \"x86-64-v3\", [\"+avx2\", "
                           "\"-avx512f\", \"+fma\"], \"fma\", {inline_rows = 4}>",
                           &context));
  EXPECT_TRUE(target.hasFeature("avx2"));
  EXPECT_TRUE(target.hasFeature("fma"));
  EXPECT_FALSE(target.hasFeature("avx512f"));
  EXPECT_FALSE(target.hasFeature("avx"));
  EXPECT_FALSE(target.hasFeature("+avx2"));
  EXPECT_EQ(target.number("inline_rows"), 4);
  EXPECT_DEATH(target.number("no_such"), "target \"t\" has no number 'no_such'");
}

TEST_F(Kernel, LayoutsAreNullWhereOperandsArePlain) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "kernel.func @k \"linear\" (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> layouts [unit, "
      "#kernel.packed<n = 16, k = 2>] {"
      "^bb0(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>):"
      "  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>"
      "  kernel.yield %y : tensor<4x48xf32> }",
      &context);
  ASSERT_TRUE(module);
  auto function = mlir::cast<kernel::FuncOp>(module->getBody()->front());
  EXPECT_FALSE(function.getLayout(0));
  ASSERT_TRUE(function.getLayout(1));
  EXPECT_EQ(function.getLayout(1).getN(), 16);
  function.removeLayoutsAttr();
  EXPECT_FALSE(function.getLayout(1)) << "before choose-tiling nothing is packed";
}

// [ceil(N/16)][ceil(K/2)][16][2] elements of two bytes, at the edges of a panel.
TEST_F(Kernel, PackedBytesRoundUpToPanels) {
  auto packed = kernel::PackedAttr::get(&context, 16, 2);
  auto bytes = [&](int64_t n, int64_t k) {
    return packed.storedBytes(mlir::RankedTensorType::get({n, k}, mlir::BFloat16Type::get(&context)));
  };
  EXPECT_EQ(bytes(16, 2), 64u);
  EXPECT_EQ(bytes(1, 1), 64u);
  EXPECT_EQ(bytes(17, 2), 128u);
  EXPECT_EQ(bytes(16, 3), 128u);
  EXPECT_EQ(bytes(128256, 8192), 128256u * 8192 * 2);
}
} // namespace
