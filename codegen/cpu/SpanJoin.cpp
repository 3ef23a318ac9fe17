#include "codegen/cpu/SpanJoin.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon::codegen;

// x = n + f with |f| <= 1/2, n through the low bits of x + 1.5 * 2^23. The polynomial is a minimax fit with p(0) = 1.
Value tenon::codegen::cpu::exp2(KernelBuilder &b, Value x) {
  Value rounder = b.splat(0x1.8p23), shifted = b.addF(x, rounder), f = b.subF(x, b.subF(shifted, rounder));
  Value p = b.splat(0x1.470b4a78691e1p-13);
  for (double c : {0x1.5f7276d804028p-10, 0x1.3b270e6414bb6p-7, 0x1.c6ae72dfc2760p-5, 0x1.ebfbe2c540dc7p-3,
                   0x1.62e4311733cb6p-1, 1.0})
    p = b.fma(p, f, b.splat(c));
  VectorType ints = b.vectorType(b.getI32Type());
  Value shift = arith::ConstantOp::create(b, DenseElementsAttr::get(ints, int32_t(23)));
  Value n = arith::ShLIOp::create(b, arith::BitcastOp::create(b, ints, shifted), shift);
  Value power =
      arith::BitcastOp::create(b, b.f32Vector(), arith::AddIOp::create(b, arith::BitcastOp::create(b, ints, p), n));
  Value vanishes = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, b.splat(-125));
  return arith::SelectOp::create(b, vanishes, b.splat(0), power);
}

cpu::SpanJoin::SpanJoin(KernelBuilder &b, Value largestBefore, Value largestHere)
    : largest(b.maxF(largestHere, largestBefore)), before(exp2(b, b.subF(largestBefore, largest))),
      here(exp2(b, b.subF(largestHere, largest))) {}
