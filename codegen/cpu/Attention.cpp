// Attention over the paged cache: prefill, decode and mixed steps are one schedule.
//
// Loops: (segment, kv head, tile of query rows) over workers, by cost > pages of the sequence > blocks of the tile's
// rows > the tile (AttentionTile.h). The items stand in one line, each as long as the tokens it reads; a worker takes
// the items that begin in its equal part of the line, so that causal rows balance and neighbours read the same pages.
// Which worker computes an item changes nothing in it.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/AttentionTile.h"
#include "codegen/cpu/Emitters.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

namespace {
class AttentionKernel {
public:
  AttentionKernel(KernelBuilder &b, model::AttentionOp op)
      : b(b), op(op), shape(AttentionShape::of(op, b.target())), tile(b, op, shape) {}
  void emit();

private:
  // A row of the segment table, i64.
  struct Segment {
    Value slot, firstToken, rows, context;
    Value queryRows; // rows * group
  };
  Segment load(Value index);
  Value cost(const Segment &segment, Value firstRow);
  Value totalCost();
  void emitItem(const Segment &segment, Value kvHead, Value firstRow);

  KernelBuilder &b;
  model::AttentionOp op;
  const AttentionShape shape;
  AttentionTile tile;
};
} // namespace

AttentionKernel::Segment AttentionKernel::load(Value index) {
  Value at = b.at(b.pointer(op.getSegments()), b.mul(index, 16));
  Value rows = b.loadIndex(b.at(at, 8));
  return {b.loadIndex(at), b.loadIndex(b.at(at, 4)), rows, b.loadIndex(b.at(at, 12)), b.mul(rows, shape.group)};
}

// Tokens that the tile from `firstRow` reads, and a constant for what does not grow with them.
Value AttentionKernel::cost(const Segment &segment, Value firstRow) {
  Value lastRow = b.add(b.min(b.add(firstRow, shape.tileRows), segment.queryRows), -1);
  return b.add(b.add(b.sub(segment.context, segment.rows), b.div(lastRow, shape.group)), 1 + 16);
}

// Over all kv heads.
Value AttentionKernel::totalCost() {
  int64_t segments = op.getSegments().getType().getDimSize(0);
  KernelBuilder::Values total = b.loop(b.i64(0), b.i64(segments), 1, b.i64(0), [&](Value index, ValueRange sum) {
    Segment segment = load(index);
    return b.loop(b.i64(0), segment.queryRows, shape.tileRows, sum, [&](Value firstRow, ValueRange inner) {
      return KernelBuilder::Values{b.add(inner.front(), cost(segment, firstRow))};
    });
  });
  return b.mul(total.front(), shape.kvHeads);
}

void AttentionKernel::emitItem(const Segment &segment, Value kvHead, Value firstRow) {
  Value rows = b.min(b.sub(segment.queryRows, firstRow), b.i64(shape.tileRows));
  AttentionItem item{segment.slot, segment.firstToken, b.sub(segment.context, segment.rows), kvHead, firstRow, rows};
  if (shape.whole.rows == shape.part.rows)
    return tile.emit(item, shape.whole);
  b.ifElse(
      b.equal(rows, b.i64(shape.tileRows)), [&] { return tile.emit(item, shape.whole), KernelBuilder::Values(); },
      [&] { return tile.emit(item, shape.part), KernelBuilder::Values(); });
}

void AttentionKernel::emit() {
  auto [begin, end] = b.share(totalCost());
  int64_t segments = op.getSegments().getType().getDimSize(0);
  b.loop(b.i64(0), b.i64(segments), 1, b.i64(0), [&](Value index, ValueRange atSegment) {
    Segment segment = load(index);
    return b.loop(b.i64(0), b.i64(shape.kvHeads), 1, atSegment, [&](Value kvHead, ValueRange atHead) {
      return b.loop(b.i64(0), segment.queryRows, shape.tileRows, atHead, [&](Value firstRow, ValueRange at) {
        Value start = at.front();
        b.ifThen(b.lessThan(start, end), [&] {
          b.ifElse(
              b.lessThan(start, begin), [] { return KernelBuilder::Values(); },
              [&] { return emitItem(segment, kvHead, firstRow), KernelBuilder::Values(); });
        });
        return KernelBuilder::Values{b.add(start, cost(segment, firstRow))};
      });
    });
  });
}

LogicalResult cpu::emitAttention(KernelBuilder &b, kernel::FuncOp func) {
  auto ops = func.getBody().getOps<model::AttentionOp>();
  if (!llvm::hasSingleElement(ops))
    return func.emitOpError() << "expected one model.attention";
  model::AttentionOp op = *ops.begin();
  for (Value operand : op->getOperands())
    if (!isa<BlockArgument>(operand))
      return op.emitOpError() << "expected all operands to be operands of the kernel";
  for (Value value : func.getBody().front().getTerminator()->getOperands())
    if (!TileValues::canEvaluate(value, op.getResult()))
      return op.emitOpError() << "shares a kernel with an op that is not elementwise";
  if (op.getNarrow() && !b.target().hasFeature("avx512bf16"))
    return op.emitOpError() << "is narrow, which needs avx512bf16; target " << b.target().getSpec()
                            << " has no such feature";
  int64_t pageTokens = op.getCache().getType().getPageTokens();
  if (pageTokens % KernelBuilder::lanes != 0)
    return op.emitOpError() << "reads pages of " << pageTokens << " tokens, expected a multiple of "
                            << KernelBuilder::lanes;
  AttentionKernel(b, op).emit();
  return success();
}
