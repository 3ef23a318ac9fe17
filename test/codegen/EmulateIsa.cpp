#include "test/codegen/EmulateIsa.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "test/codegen/EmulateAmx.h"

using namespace mlir;

namespace {
// sums[i] += a[2i + 1] * b[2i + 1], then sums[i] += a[2i] * b[2i]: rounded after each (products of bf16 are exact in
// f32).
struct EmulateDotBf16 : OpRewritePattern<LLVM::CallIntrinsicOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LLVM::CallIntrinsicOp op, PatternRewriter &rewriter) const override {
    if (op.getIntrin() != "llvm.x86.avx512bf16.dpbf16ps.512")
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    VectorType ints = VectorType::get({16}, b.getI32Type()), floats = VectorType::get({16}, b.getF32Type());
    auto number = [&](int32_t v) -> Value { return arith::ConstantOp::create(b, DenseElementsAttr::get(ints, v)); };
    auto halves = [&](Value pairs) {
      Value bits = vector::BitCastOp::create(b, ints, pairs);
      Value even = arith::ShLIOp::create(b, bits, number(16));
      Value odd = arith::AndIOp::create(b, bits, number(static_cast<int32_t>(0xffff0000)));
      return std::pair<Value, Value>(arith::BitcastOp::create(b, floats, even),
                                     arith::BitcastOp::create(b, floats, odd));
    };
    auto [aEven, aOdd] = halves(op.getOperand(1));
    auto [bEven, bOdd] = halves(op.getOperand(2));
    Value sum = math::FmaOp::create(b, aOdd, bOdd, op.getOperand(0));
    rewriter.replaceOp(op, math::FmaOp::create(b, aEven, bEven, sum).getResult());
    return success();
  }
};

// sums[i] += the four products of unsigned bytes of a and signed bytes of b in lane i.
struct EmulateDotBytes : OpRewritePattern<LLVM::CallIntrinsicOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LLVM::CallIntrinsicOp op, PatternRewriter &rewriter) const override {
    if (op.getIntrin() != "llvm.x86.avx512.vpdpbusd.512")
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    VectorType ints = VectorType::get({16}, b.getI32Type());
    auto number = [&](int32_t v) -> Value { return arith::ConstantOp::create(b, DenseElementsAttr::get(ints, v)); };
    Value sum = op.getOperand(0), left = vector::BitCastOp::create(b, ints, op.getOperand(1)),
          right = vector::BitCastOp::create(b, ints, op.getOperand(2));
    for (int32_t byte = 0; byte < 4; ++byte) {
      auto top = [&](Value lanes) -> Value { return arith::ShLIOp::create(b, lanes, number(24 - 8 * byte)); };
      Value a = arith::ShRUIOp::create(b, top(left), number(24)), c = arith::ShRSIOp::create(b, top(right), number(24));
      sum = arith::AddIOp::create(b, sum, arith::MulIOp::create(b, a, c));
    }
    rewriter.replaceOp(op, sum);
    return success();
  }
};
} // namespace

LogicalResult tenon::test::emulateIsa(ModuleOp module) {
  for (auto func : module.getOps<func::FuncOp>())
    emulateAmx(func);
  RewritePatternSet patterns(module.getContext());
  patterns.add<EmulateDotBf16, EmulateDotBytes>(module.getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}
