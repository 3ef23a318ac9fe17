// The vector form of each elementwise op agrees with its reference: the emitted arith and math ops are evaluated one by
// one on scalars, in float, with the C library's functions.
#include "ReferenceFixture.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <bit>
#include <cmath>

using namespace tenon;
namespace arith = mlir::arith;
namespace math = mlir::math;

namespace {
class VectorForm : public ReferenceFixture {
protected:
  VectorForm() { context.loadDialect<arith::ArithDialect, math::MathDialect, mlir::vector::VectorDialect>(); }

  // The value of a one-op result for scalar operands; every op that a vector form may use.
  static float evaluateOp(mlir::Operation *op, llvm::ArrayRef<float> in) {
    if (auto constant = mlir::dyn_cast<arith::ConstantOp>(op))
      return mlir::cast<mlir::DenseElementsAttr>(constant.getValue()).getSplatValue<float>();
    llvm::StringRef name = op->getName().getStringRef();
    if (name == "arith.addf")
      return in[0] + in[1];
    if (name == "arith.mulf")
      return in[0] * in[1];
    if (name == "arith.divf")
      return in[0] / in[1];
    if (name == "arith.negf")
      return -in[0];
    if (name == "arith.maximumf")
      return std::isnan(in[0]) ? in[0] : std::fmax(in[0], in[1]);
    if (name == "arith.cmpf")
      return in[0] < in[1];
    if (name == "arith.select")
      return in[0] != 0 ? in[1] : in[2];
    if (name == "arith.extf")
      return in[0];
    if (name == "math.absf")
      return std::fabs(in[0]);
    if (name == "math.exp")
      return std::exp(in[0]);
    if (name == "math.erf")
      return std::erf(in[0]);
    if (name == "math.tanh")
      return std::tanh(in[0]);
    if (name == "arith.truncf") {
      uint32_t bits = std::bit_cast<uint32_t>(in[0]);
      return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
    }
    ADD_FAILURE() << "an op outside the contract: " << name.str();
    return NAN;
  }

  // Emits the vector form of `line` (operands %a and %b) and evaluates it at one point.
  float emitted(llvm::StringRef line, llvm::ArrayRef<float> point) {
    module = mlir::parseSourceString<mlir::ModuleOp>(source(line), &context);
    EXPECT_TRUE(module) << messages;
    auto op = mlir::cast<VectorElementwise>(*module->getBody()->front().getRegion(0).front().begin());
    mlir::Block block;
    auto type = mlir::VectorType::get({8}, mlir::Float32Type::get(&context));
    for (size_t i = 0; i < op->getNumOperands(); ++i)
      block.addArgument(type, op.getLoc());
    mlir::OpBuilder builder(&context);
    builder.setInsertionPointToEnd(&block);
    mlir::Value result = op.emitVector(builder, op.getLoc(), block.getArguments());
    EXPECT_EQ(result.getType(), type);
    llvm::DenseMap<mlir::Value, float> values;
    for (auto [argument, value] : llvm::zip(block.getArguments(), point))
      values[argument] = value;
    for (mlir::Operation &inner : block)
      values[inner.getResult(0)] =
          evaluateOp(&inner, llvm::map_to_vector(inner.getOperands(), [&](mlir::Value v) { return values.at(v); }));
    return values.at(result);
  }
  float reference(llvm::StringRef line, llvm::ArrayRef<float> point) {
    auto value = [](float x) { return tensor({1, 1}, {x}); };
    return run(source(line), {value(point[0]), value(point[1])}).f32[0];
  }
  static std::string source(llvm::StringRef line) {
    llvm::StringRef type = line.rsplit(' ').second;
    return ("func.func @f(%a: tensor<1x1xf32>, %b: tensor<1x1xf32>) -> " + type + " { %y = " + line +
            " return %y : " + type + " }")
        .str();
  }
};

TEST_F(VectorForm, AgreesWithTheReference) {
  for (const char *line :
       {"model.add %a, %b : tensor<1x1xf32>", "model.mul %a, %b : tensor<1x1xf32>",
        "model.activation silu %a : tensor<1x1xf32>", "model.activation gelu %a : tensor<1x1xf32>",
        "model.activation gelu_tanh %a : tensor<1x1xf32>", "model.activation relu %a : tensor<1x1xf32>",
        "model.cast %a : tensor<1x1xf32> -> tensor<1x1xbf16>"})
    for (float x :
         {-1000.0f, -90.0f, -20.5f, -3.25f, -1.0f, -1e-6f, 0.0f, 1e-6f, 0.7f, 1.00390625f, 5.5f, 90.0f, 1000.0f}) {
      float expected = reference(line, {x, 0.3f}), got = emitted(line, {x, 0.3f});
      EXPECT_NEAR(got, expected, 1e-6 * std::fabs(x) + 1e-30) << line << " at " << x;
    }
}

TEST_F(VectorForm, SiluNeitherOverflowsNorLosesSmallNumbers) {
  const char *silu = "model.activation silu %a : tensor<1x1xf32>";
  EXPECT_EQ(emitted(silu, {-200, 0}), 0);
  EXPECT_NEAR(emitted(silu, {-80, 0}) / (-80 * std::exp(-80.0)), 1, 1e-5);
  EXPECT_TRUE(std::isnan(emitted(silu, {NAN, 0})));
  EXPECT_TRUE(std::isnan(emitted("model.activation relu %a : tensor<1x1xf32>", {NAN, 0})));
}
} // namespace
