#include "codegen/common/ExpandMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace {
// Arithmetic on values shaped like one f32 scalar or vector.
struct Formula : ImplicitLocOpBuilder {
  Type floats, ints;

  Formula(PatternRewriter &rewriter, Location loc, Type shapedLike) : ImplicitLocOpBuilder(loc, rewriter) {
    floats = withElement(shapedLike, getF32Type());
    ints = withElement(shapedLike, getI32Type());
  }
  static Type withElement(Type type, Type element) {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(element);
    return element;
  }
  Value constant(Type type, Attribute value) {
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(*this, DenseElementsAttr::get(vector, value));
    return arith::ConstantOp::create(*this, cast<TypedAttr>(value));
  }
  Value number(float value) { return constant(floats, getF32FloatAttr(value)); }
  Value integer(int32_t value) { return constant(ints, getI32IntegerAttr(value)); }
  Value fma(Value a, Value b, Value c) { return math::FmaOp::create(*this, a, b, c); }
  Value add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
  Value bits(Value x) { return arith::BitcastOp::create(*this, ints, x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(*this, floats, x); }
  Value less(Value a, Value b) { return arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, a, b); }
  Value select(Value condition, Value a, Value b) { return arith::SelectOp::create(*this, condition, a, b); }
  // With these operand orders a NaN in x comes through and each is one instruction on x86.
  Value atLeast(Value x, float limit) { return select(less(x, number(limit)), number(limit), x); }
  Value atMost(Value x, float limit) { return select(less(number(limit), x), number(limit), x); }
  // coefficients from the constant term upwards
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value sum = number(coefficients.back());
    for (float c : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, number(c));
    return sum;
  }
  Value withSignOf(Value magnitude, Value x) {
    return fromBits(
        arith::OrIOp::create(*this, bits(magnitude), arith::AndIOp::create(*this, bits(x), integer(INT32_MIN))));
  }
  Value powerOfTwo(Value exponent) {
    return fromBits(arith::ShLIOp::create(*this, arith::AddIOp::create(*this, exponent, integer(127)), integer(23)));
  }

  Value exp(Value x);
  Value tanh(Value x);
  Value erf(Value x);
};
} // namespace

// The coefficients below are minimax fits (Remez exchange in 40-digit arithmetic) of the functions named beside them.

// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 q(r), relative error 3e-9.
Value Formula::exp(Value x) {
  // Beyond these the result is 0 or infinity whatever x is.
  x = atLeast(atMost(x, 89.0f), -104.0f);
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  Value rounder = number(0x1.8p23f);
  Value shifted = fma(x, number(0x1.715476p+0f), rounder);
  Value n = sub(shifted, rounder);
  Value r = fma(n, number(-0x1.62e4p-1f), x); // ln 2 in two parts; n times the first is exact
  r = fma(n, number(-0x1.7f7d1cp-20f), r);
  Value q = polynomial(r, {0x1.00000051f5333p-1f, 0x1.55548e9b40747p-3f, 0x1.55545d8408780p-5f, 0x1.123b9214993d7p-7f,
                           0x1.6db47d75cccb0p-10f});
  Value p = add(fma(mul(r, r), q, r), number(1));
  // Two factors, so that neither overflows for results near the ends of the range.
  Value power = arith::SubIOp::create(*this, bits(shifted), bits(rounder));
  Value half = arith::ShRSIOp::create(*this, power, integer(1));
  return mul(mul(p, powerOfTwo(half)), powerOfTwo(arith::SubIOp::create(*this, power, half)));
}

// Near zero x + x^3 t(x^2), relative error 2e-9; elsewhere 1 - 2 / (exp(2 |x|) + 1).
Value Formula::tanh(Value x) {
  Value magnitude = math::AbsFOp::create(*this, x);
  Value square = mul(x, x);
  Value t = polynomial(square, {-0x1.5555493731480p-2f, 0x1.110cb140bd594p-3f, -0x1.b9137727132f4p-5f,
                                0x1.5882b768fd820p-6f, -0x1.96d03a5a16bebp-8f});
  Value near = fma(mul(magnitude, square), t, magnitude);
  Value far = sub(number(1), div(number(2), add(exp(add(magnitude, magnitude)), number(1))));
  return withSignOf(select(less(magnitude, number(0.56f)), near, far), x);
}

// Up to 1 x + x e(x^2), relative error 4e-11; from there 1 - exp(-q(x - 2)) with q = -log erfc, and 1 from 4 on.
Value Formula::erf(Value x) {
  Value magnitude = math::AbsFOp::create(*this, x);
  Value e = polynomial(mul(x, x), {0x1.06eba82031200p-3f, -0x1.812746682b8d6p-2f, 0x1.ce2f09abf61b2p-4f,
                                   -0x1.b829d8cded8e3p-6f, 0x1.562b19ea96bc1p-8f, -0x1.bcd7df54954dbp-11f,
                                   0x1.d8b891698d9dap-14f, -0x1.44cfc7c9c66a2p-17f});
  Value q =
      polynomial(sub(atMost(magnitude, 4.0f), number(2)),
                 {0x1.575b3296507c8p+2f, 0x1.1ac325722cd8fp+2f, 0x1.d8f5e35fd9db2p-1f, 0x1.0dc6a13d012aap-6f,
                  -0x1.d3fe2ee344b63p-9f, 0x1.7ed892ad36de2p-11f, -0x1.20d234b40aa70p-13f, 0x1.6bd7dda04a2d2p-16f});
  Value far = sub(number(1), exp(arith::NegFOp::create(*this, q)));
  return withSignOf(select(less(magnitude, number(1)), fma(magnitude, e, magnitude), far), x);
}

namespace {
template <typename Op, Value (Formula::*Expand)(Value)> struct ExpandFunction : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Formula formula(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, (formula.*Expand)(op.getOperand()));
    return success();
  }
};

// bf16 is the upper half of f32.
struct ExpandExtend : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!getElementTypeOrSelf(x.getType()).isBF16() || !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Formula f(rewriter, op.getLoc(), op.getType());
    Type halves = Formula::withElement(x.getType(), f.getI16Type());
    Value wide = arith::ExtUIOp::create(f, f.ints, arith::BitcastOp::create(f, halves, x));
    rewriter.replaceOp(op, f.fromBits(arith::ShLIOp::create(f, wide, f.integer(16))));
    return success();
  }
};

struct ExpandTruncate : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!getElementTypeOrSelf(op.getType()).isBF16() || !getElementTypeOrSelf(x.getType()).isF32())
      return failure();
    if (auto widened = x.getDefiningOp<arith::ExtFOp>(); widened && widened.getIn().getType() == op.getType()) {
      rewriter.replaceOp(op, widened.getIn());
      return success();
    }
    Formula f(rewriter, op.getLoc(), x.getType());
    Value bits = f.bits(x);
    // Half of the last kept place, one less where that place is even: ties go to even.
    Value odd = arith::AndIOp::create(f, arith::ShRUIOp::create(f, bits, f.integer(16)), f.integer(1));
    Value rounded = arith::AddIOp::create(f, bits, arith::AddIOp::create(f, odd, f.integer(0x7fff)));
    // Rounding could carry a NaN into infinity: set a bit that stays instead.
    Value isNaN = arith::CmpFOp::create(f, arith::CmpFPredicate::UNO, x, x);
    Value kept = f.select(isNaN, arith::OrIOp::create(f, bits, f.integer(0x400000)), rounded);
    Type halves = Formula::withElement(x.getType(), f.getI16Type());
    Value narrow = arith::TruncIOp::create(f, halves, arith::ShRUIOp::create(f, kept, f.integer(16)));
    rewriter.replaceOp(op, arith::BitcastOp::create(f, op.getType(), narrow).getResult());
    return success();
  }
};
} // namespace

void tenon::codegen::populateExpandMathPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandFunction<math::ExpOp, &Formula::exp>, ExpandFunction<math::TanhOp, &Formula::tanh>,
               ExpandFunction<math::ErfOp, &Formula::erf>, ExpandExtend, ExpandTruncate>(patterns.getContext());
}
