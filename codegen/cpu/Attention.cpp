// Attention over the paged cache: prefill, decode and mixed steps are one schedule.
//
// Loops: (segment, kv head, span of split attention, tile of query rows) over workers, by cost > pages of the sequence
// > blocks of the tile's rows > the tile (AttentionTile.h). The items stand in one line, each as long as the tokens it
// reads; a worker takes the items that begin in its equal part of the line, so that causal rows balance and neighbours
// read the same pages. Which worker computes an item changes nothing in it.
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
  AttentionKernel(KernelBuilder &b, const AttentionOperands &op)
      : b(b), op(op), shape(AttentionShape::of(op, b.target())), tile(b, op, shape) {}
  void emit();

private:
  // A row of the segment table, i64.
  struct Segment {
    Value slot, firstToken, rows, context;
    Value queryRows; // rows * group
  };
  Segment load(Value index);
  // What an item costs, and whether it has any rows that see its span.
  Value cost(const Segment &segment, Value span, Value firstRow);
  using Visit = llvm::function_ref<Value(Value span, Value firstRow, Value at)>;
  // Visits a kv head's items in order; each call gives what the next takes as `at`.
  Value forItems(const Segment &segment, Value at, Visit visit);
  Value totalCost();
  void emitItem(const Segment &segment, Value kvHead, Value span, Value firstRow);

  KernelBuilder &b;
  const AttentionOperands op;
  const AttentionShape shape;
  AttentionTile tile;
};
} // namespace

AttentionKernel::Segment AttentionKernel::load(Value index) {
  Value at = b.at(b.pointer(op.segments), b.mul(index, 16));
  Value rows = b.loadIndex(b.at(at, 8));
  return {b.loadIndex(at), b.loadIndex(b.at(at, 4)), rows, b.loadIndex(b.at(at, 12)), b.mul(rows, shape.group)};
}

// Tokens that the tile from `firstRow` reads, and a constant for what does not grow with them; 0 where it reads none.
Value AttentionKernel::cost(const Segment &segment, Value span, Value firstRow) {
  constexpr int64_t perItem = 16;
  Value lastRow = b.add(b.min(b.add(firstRow, shape.tileRows), segment.queryRows), -1);
  Value tokens = b.add(b.add(b.sub(segment.context, segment.rows), b.div(lastRow, shape.group)), 1);
  if (!shape.partial)
    return b.add(tokens, perItem);
  tokens = b.min(b.sub(tokens, b.mul(span, shape.spanTokens())), b.i64(shape.spanTokens()));
  return b.select(b.lessThan(b.i64(0), tokens), b.add(tokens, perItem), b.i64(0));
}

Value AttentionKernel::forItems(const Segment &segment, Value at, Visit visit) {
  Value spans = shape.partial
                    ? b.div(b.add(b.max(segment.context, b.i64(0)), shape.spanTokens() - 1), shape.spanTokens())
                    : b.i64(1);
  return b
      .loop(b.i64(0), spans, 1, at,
            [&](Value span, ValueRange outer) {
              return b.loop(b.i64(0), segment.queryRows, shape.tileRows, outer, [&](Value firstRow, ValueRange inner) {
                return KernelBuilder::Values{visit(span, firstRow, inner.front())};
              });
            })
      .front();
}

// Over all kv heads.
Value AttentionKernel::totalCost() {
  int64_t segments = cast<RankedTensorType>(op.segments.getType()).getDimSize(0);
  KernelBuilder::Values total = b.loop(b.i64(0), b.i64(segments), 1, b.i64(0), [&](Value index, ValueRange sum) {
    Segment segment = load(index);
    return KernelBuilder::Values{forItems(segment, sum.front(), [&](Value span, Value firstRow, Value at) {
      return b.add(at, cost(segment, span, firstRow));
    })};
  });
  return b.mul(total.front(), shape.kvHeads);
}

void AttentionKernel::emitItem(const Segment &segment, Value kvHead, Value span, Value firstRow) {
  Value rows = b.min(b.sub(segment.queryRows, firstRow), b.i64(shape.tileRows));
  AttentionItem item{segment.slot, segment.firstToken, b.sub(segment.context, segment.rows), kvHead, firstRow, rows,
                     span};
  if (shape.whole.rows == shape.part.rows)
    return tile.emit(item, shape.whole);
  b.ifElse(
      b.equal(rows, b.i64(shape.tileRows)), [&] { return tile.emit(item, shape.whole), KernelBuilder::Values(); },
      [&] { return tile.emit(item, shape.part), KernelBuilder::Values(); });
}

void AttentionKernel::emit() {
  auto [begin, end] = b.share(totalCost());
  int64_t segments = cast<RankedTensorType>(op.segments.getType()).getDimSize(0);
  b.loop(b.i64(0), b.i64(segments), 1, b.i64(0), [&](Value index, ValueRange atSegment) {
    Segment segment = load(index);
    return b.loop(b.i64(0), b.i64(shape.kvHeads), 1, atSegment, [&](Value kvHead, ValueRange atHead) {
      return KernelBuilder::Values{forItems(segment, atHead.front(), [&](Value span, Value firstRow, Value start) {
        Value length = cost(segment, span, firstRow);
        b.ifThen(b.lessThan(start, end), [&] {
          b.ifThen(b.lessThan(b.add(begin, -1), start), [&] {
            if (!shape.partial)
              return emitItem(segment, kvHead, span, firstRow);
            b.ifThen(b.lessThan(b.i64(0), length), [&] { emitItem(segment, kvHead, span, firstRow); });
          });
        });
        return b.add(start, length);
      })};
    });
  });
}

LogicalResult cpu::emitAttention(KernelBuilder &b, kernel::FuncOp func) {
  SmallVector<Operation *> ops;
  for (Operation &inner : func.getBody().front())
    if (isa<model::AttentionOp, model::AttentionPartialOp>(inner))
      ops.push_back(&inner);
  if (ops.size() != 1)
    return func.emitOpError() << "expected one model.attention or model.attention_partial";
  Operation *op = ops.front();
  for (Value operand : op->getOperands())
    if (!isa<BlockArgument>(operand))
      return op->emitOpError() << "expected all operands to be operands of the kernel";
  AttentionOperands operands = AttentionOperands::of(op);
  ValueRange yielded = func.getBody().front().getTerminator()->getOperands();
  if (!operands.result && yielded != ValueRange(op->getResults()))
    return op->emitOpError() << "expected its kernel to yield its three results and nothing else";
  for (Value value : yielded)
    if (operands.result && !TileValues::canEvaluate(value, operands.result))
      return op->emitOpError() << "shares a kernel with an op that is not elementwise";
  if (operands.narrow && !b.target().hasFeature("avx512bf16"))
    return op->emitOpError() << "is narrow, which needs avx512bf16; target " << b.target().getSpec()
                             << " has no such feature";
  int64_t pageTokens = operands.cache.getType().getPageTokens();
  if (pageTokens % KernelBuilder::lanes != 0)
    return op->emitOpError() << "reads pages of " << pageTokens << " tokens, expected a multiple of "
                             << KernelBuilder::lanes;
  AttentionKernel(b, operands).emit();
  return success();
}
