// Add, mul, activation and cast: shapes, cost and how they act on vectors.
#include "dialects/model/Expect.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <numbers>

using namespace mlir;
using namespace tenon;
using namespace tenon::model;

int64_t AddOp::getFlops() { return getType().getNumElements(); }
int64_t MulOp::getFlops() { return getType().getNumElements(); }
// An exponential counts as one operation, as is the custom when rates are compared.
int64_t ActivationOp::getFlops() { return 4 * getType().getNumElements(); }
int64_t CastOp::getFlops() { return 0; }

LogicalResult CastOp::verify() {
  RankedTensorType x = getX().getType(), result = getType();
  if (failed(expectSize(*this, "rows of the result", result.getDimSize(0), x.getDimSize(0), "rows of the input")) ||
      failed(expectSize(*this, "columns of the result", result.getDimSize(1), x.getDimSize(1), "columns of the input")))
    return failure();
  return success();
}

Value AddOp::emitVector(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::AddFOp::create(builder, loc, operands[0], operands[1]);
}

Value MulOp::emitVector(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::MulFOp::create(builder, loc, operands[0], operands[1]);
}

Value CastOp::emitVector(OpBuilder &builder, Location loc, ValueRange operands) {
  Value x = operands[0];
  if (!getType().getElementType().isBF16() || getX().getType().getElementType().isBF16())
    return x; // widening: the operand arrives widened
  Type wide = x.getType();
  Type narrow = cast<ShapedType>(wide).clone(builder.getBF16Type());
  Value rounded = arith::TruncFOp::create(builder, loc, narrow, x);
  return arith::ExtFOp::create(builder, loc, wide, rounded);
}

namespace {
// Splats and arithmetic on one vector type, so that the formulas below read as in the op's description.
struct VectorFormula {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value number(double value) {
    auto splat = DenseElementsAttr::get(cast<ShapedType>(type), builder.getF32FloatAttr(value).getValue());
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(splat));
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
};
} // namespace

// x / (1 + exp(-x)) would overflow for x below -88: with e = exp(-|x|) <= 1 it is x / (1 + e), times e where x < 0.
static Value silu(VectorFormula f, Value x) {
  Value zero = f.number(0);
  Value magnitude = math::AbsFOp::create(f.builder, f.loc, x);
  Value e = math::ExpOp::create(f.builder, f.loc, arith::NegFOp::create(f.builder, f.loc, magnitude));
  Value positive = f.div(x, f.add(f.number(1), e));
  Value isNegative = arith::CmpFOp::create(f.builder, f.loc, arith::CmpFPredicate::OLT, x, zero);
  return arith::SelectOp::create(f.builder, f.loc, isNegative, f.mul(positive, e), positive);
}

static Value gelu(VectorFormula f, Value x) {
  Value erf = math::ErfOp::create(f.builder, f.loc, f.mul(x, f.number(1 / std::numbers::sqrt2)));
  return f.mul(f.mul(x, f.number(0.5)), f.add(f.number(1), erf));
}

static Value geluTanh(VectorFormula f, Value x) {
  Value cube = f.mul(f.mul(x, x), x);
  Value inner =
      f.mul(f.number(std::numbers::sqrt2 * std::numbers::inv_sqrtpi), f.add(x, f.mul(f.number(0.044715), cube)));
  Value tanh = math::TanhOp::create(f.builder, f.loc, inner);
  return f.mul(f.mul(x, f.number(0.5)), f.add(f.number(1), tanh));
}

Value ActivationOp::emitVector(OpBuilder &builder, Location loc, ValueRange operands) {
  Value x = operands[0];
  VectorFormula f{builder, loc, x.getType()};
  switch (getKind()) {
  case ActivationKind::silu:
    return silu(f, x);
  case ActivationKind::gelu:
    return gelu(f, x);
  case ActivationKind::gelu_tanh:
    return geluTanh(f, x);
  case ActivationKind::relu:
    return arith::MaximumFOp::create(builder, loc, x, f.number(0));
  }
  llvm_unreachable("an activation without a vector form");
}
