// Joins the spans of split attention: y = sum_s 2^(m_s - M) o_s / sum_s 2^(m_s - M) l_s, M the largest m_s.
//
// Loops: (segment, row, head) over workers > spans in order, then vectors of the head > spans. The arithmetic is that
// with which attention that is not split joins its spans (AttentionTile::joinSpan), so that the bits are the same.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/Emitters.h"
#include "codegen/cpu/SpanJoin.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

namespace {
struct CombineKernel {
  KernelBuilder &b;
  model::AttentionCombineOp op;
  int64_t heads = static_cast<int64_t>(op.getHeads());
  int64_t headDim = op.getType().getDimSize(1) / heads;
  int64_t spans = op.getLargest().getType().getDimSize(1) / heads;
  Value factors = b.scratch(spans * 8); // f32 [spans][2]: of the sums so far, of the span

  // `seen` spans of the row `token` see anything.
  void emitRow(Value token, Value head, Value seen);
};
} // namespace

void CombineKernel::emitRow(Value token, Value head, Value seen) {
  auto index = [&](Value span) { return b.add(b.mul(b.add(b.mul(token, spans), span), heads), head); };
  auto number = [&](Value operand, Value span) {
    return b.load(b.getF32Type(), b.at(b.pointer(operand), b.mul(index(span), 4)));
  };
  KernelBuilder::Values start = {b.splat(nothingSeen), b.f32(0)};
  KernelBuilder::Values total = b.loop(b.i64(0), seen, 1, start, [&](Value span, ValueRange carried) {
    SpanJoin join(b, carried[0], b.broadcast(number(op.getLargest(), span)));
    auto first = [&](Value vector) -> Value { return vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{0}); };
    Value before = first(join.before), here = first(join.here), at = b.at(factors, b.mul(span, 8));
    b.store(before, at);
    b.store(here, b.at(at, 4));
    return KernelBuilder::Values{join.largest, SpanJoin::sum(b, carried[1], before, number(op.getSums(), span), here)};
  });
  Value inverse = b.broadcast(b.divF(b.f32(1), total[1]));
  for (int64_t column = 0; column < headDim; column += KernelBuilder::lanes) {
    int64_t lanes = std::min(KernelBuilder::lanes, headDim - column);
    KernelBuilder::Values o = b.loop(b.i64(0), seen, 1, b.splat(0), [&](Value span, ValueRange carried) {
      Value at = b.at(factors, b.mul(span, 8));
      Value before = b.broadcast(b.load(b.getF32Type(), at)), here = b.broadcast(b.load(b.getF32Type(), b.at(at, 4)));
      Value from = b.at(b.pointer(op.getOutputs()), b.add(b.mul(index(span), headDim * 4), b.i64(column * 4)));
      return KernelBuilder::Values{
          SpanJoin::sum(b, carried.front(), before, loadF32(b, b.getF32Type(), from, lanes), here)};
    });
    TileValues values(b, token, b.add(b.mul(head, headDim), column), lanes);
    values.set(op.getResult(), b.mulF(o.front(), inverse));
    values.storeAll();
  }
}

LogicalResult cpu::emitCombine(KernelBuilder &b, kernel::FuncOp func) {
  auto ops = func.getBody().getOps<model::AttentionCombineOp>();
  if (!llvm::hasSingleElement(ops))
    return func.emitOpError() << "expected one model.attention_combine";
  model::AttentionCombineOp op = *ops.begin();
  for (Value operand : op->getOperands())
    if (!isa<BlockArgument>(operand))
      return op.emitOpError() << "expected all operands to be operands of the kernel";
  for (Value value : func.getBody().front().getTerminator()->getOperands())
    if (!TileValues::canEvaluate(value, op.getResult()))
      return op.emitOpError() << "shares a kernel with an op that is not elementwise";

  CombineKernel kernel{b, op};
  int64_t segments = op.getSegments().getType().getDimSize(0), span = static_cast<int64_t>(op.getSpan());
  auto [begin, end] = b.share(op.getType().getDimSize(0) * kernel.heads);
  Value first = b.i64(0);
  b.loop(b.i64(0), b.i64(segments), 1, first, [&](Value segment, ValueRange carried) {
    Value at = b.at(b.pointer(op.getSegments()), b.mul(segment, 16));
    Value firstToken = b.loadIndex(b.at(at, 4)), rows = b.loadIndex(b.at(at, 8)), context = b.loadIndex(b.at(at, 12));
    // This worker's part of the items of all segments, in one line.
    Value items = b.mul(rows, kernel.heads), start = carried.front();
    auto within = [&](Value item) { return b.min(b.max(b.sub(item, start), b.i64(0)), items); };
    b.loop(within(begin), within(end), 1, [&](Value item) {
      Value row = b.div(item, kernel.heads), position = b.add(b.sub(context, rows), row);
      kernel.emitRow(b.add(firstToken, row), b.rem(item, kernel.heads), b.add(b.div(position, span), 1));
    });
    return KernelBuilder::Values{b.add(start, items)};
  });
  return success();
}
