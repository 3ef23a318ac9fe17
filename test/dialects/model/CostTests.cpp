// Flops, bytes, stored sizes and roles: figures that reports and passes rely on.
#include "ReferenceFixture.h"

using namespace tenon;

namespace {
class Cost : public ReferenceFixture {
protected:
  // The ops of `body` in a function with these arguments: activations %x [4][32], matrix %w [48][32], bias %b [48].
  template <typename Interface> Interface only(llvm::StringRef body) {
    std::string ir =
        ("func.func @f(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>, %b: tensor<48xf32>, %t: tensor<4xi32>, "
         "%c: !model.cache<8 x 16 x 2 x 8 x bf16>, %s: tensor<1x4xi32>, %bt: tensor<2x3xi32>) {" +
         body + " return }")
            .str();
    module = mlir::parseSourceString<mlir::ModuleOp>(ir, &context);
    EXPECT_TRUE(module) << messages;
    return mlir::cast<Interface>(*module->getBody()->front().getRegion(0).front().begin());
  }
  static constexpr const char *linear =
      "%y = model.linear %x, %w bias %b : tensor<4x32xf32>, tensor<48x32xbf16>, tensor<48xf32> -> tensor<4x48xf32>";
  static constexpr const char *embedding =
      "%y = model.embedding %t, %w : tensor<4xi32>, tensor<48x32xbf16> -> tensor<4x32xf32>";
  static constexpr const char *attention =
      "%y = model.attention %x over %c at %s, %bt heads 4 scale 0.5 : tensor<4x32xf32>, !model.cache<8 x 16 x 2 x 8 x "
      "bf16>, tensor<1x4xi32>, tensor<2x3xi32> -> tensor<4x32xf32>";
};

TEST_F(Cost, LinearReadsItsWeightOnce) {
  auto op = only<CostModel>(linear);
  EXPECT_EQ(op.getFlops(), 4 * 48 * (2 * 32 + 1));
  EXPECT_EQ(op.getWeightBytes(), 48 * 32 * 2 + 48 * 4);
}

TEST_F(Cost, EmbeddingReadsOnlyItsRows) { EXPECT_EQ(only<CostModel>(embedding).getWeightBytes(), 4 * 32 * 2); }

TEST_F(Cost, AttentionCountsTheLongestContext) {
  EXPECT_EQ(only<CostModel>(attention).getFlops(), 2 * 2 * (4 * 32) * (3 * 16));
}

TEST_F(Cost, RolesAndEmitters) {
  EXPECT_EQ(only<FusionRole>(linear).getFusionRole(), Role::Anchor);
  EXPECT_EQ(only<FusionRole>(linear).getAnchorName(), "linear");
  EXPECT_EQ(only<FusionRole>(embedding).getAnchorName(), "gather");
  EXPECT_EQ(only<FusionRole>(attention).getAnchorName(), "attention");
  auto add = only<FusionRole>("%y = model.add %x, %x : tensor<4x32xf32>");
  EXPECT_EQ(add.getFusionRole(), Role::Elementwise);
  auto select = only<FusionRole>("%y = model.select_rows %x, %t : tensor<4x32xf32>, tensor<4xi32> -> tensor<4x32xf32>");
  EXPECT_EQ(select.getFusionRole(), Role::Prologue);
  EXPECT_EQ(select.getAnchorName(), "norm");
}

TEST_F(Cost, StoredBytesIncludePadding) {
  auto stored = [&](std::string recipe) {
    module = mlir::parseSourceString<mlir::ModuleOp>(
        "model.weight @w : tensor<17x5xbf16> from #model.checkpoint<\"w\", tensor<17x5xf32>> recipe [" + recipe + "]",
        &context);
    EXPECT_TRUE(module) << messages;
    return mlir::cast<model::WeightOp>(module->getBody()->front()).getStoredBytes();
  };
  EXPECT_EQ(stored("#model.convert<bf16>"), 17u * 5 * 2);
  EXPECT_EQ(stored("#model.convert<bf16>, #kernel.packed<n = 16, k = 2>"), 32u * 6 * 2);
}
} // namespace
