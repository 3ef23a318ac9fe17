#include "codegen/cpu/CacheProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

KernelBuilder::Values CacheProduct::emitStep(KernelBuilder &b, CacheDot &dot, int64_t rows, Value step, int64_t valid,
                                             ValueRange sums) const {
  Value offset = b.mul(step, lineBytes * dot.lines()), rightAt = b.at(right, offset);
  KernelBuilder::Values lines, next = llvm::to_vector(sums);
  for (int64_t c = 0; c < panels; ++c)
    lines.push_back(dot.load(b.at(rightAt, c * dot.panelBytes()), lineBytes,
                             c + 1 == panels ? lastLanes : KernelBuilder::lanes, valid));
  int64_t stepBytes = panels * dot.panelBytes() * dot.lines();
  Value aheadAt = b.at(prefetch, b.mul(step, stepBytes));
  for (int64_t ahead = 0; ahead < stepBytes; ahead += 64)
    b.prefetch(b.at(aheadAt, ahead));
  Value leftAt = b.at(left, b.mul(step, dot.numbers() * KernelBuilder::bytesOf(dot.leftType())));
  for (int64_t part = 0; part < dot.parts(valid); ++part) {
    KernelBuilder::Values rights;
    for (Value line : lines)
      rights.push_back(dot.right(line, part));
    for (int64_t r = 0; r < rows; ++r) {
      Value leftSide = dot.left(b.at(leftAt, r * leftBytes), part, valid);
      for (int64_t c = 0; c < panels; ++c)
        next[r * panels + c] = dot.accumulate(next[r * panels + c], leftSide, rights[c]);
    }
  }
  return next;
}

KernelBuilder::Values CacheProduct::emit(KernelBuilder &b, CacheDot &dot, int64_t rows,
                                         const KernelBuilder::Values &initial) const {
  Value steps = b.div(dot.roundsUp() ? b.add(depth, dot.numbers() - 1) : depth, dot.numbers());
  KernelBuilder::Values sums = b.loop(b.i64(0), steps, 1, initial, [&](Value step, ValueRange carried) {
    return emitStep(b, dot, rows, step, dot.numbers(), carried);
  });
  Value rest = b.rem(depth, dot.numbers());
  if (dot.roundsUp() || matchPattern(rest, m_Zero()))
    return sums;
  return b.ifElse(
      b.equal(rest, b.i64(1)), [&] { return emitStep(b, dot, rows, steps, 1, sums); }, [&] { return sums; });
}
