// Gather: y[n, :] = table[tokens[n], :], widened, from a row-major table or one packed for linear layers.
//
// Loops: [rows][columns] in vectors of 16 over workers. A row of a packed<n, k> table lies in pieces of k elements, n *
// k apart: 16 / k small loads for a vector. Each touches its own cache line, which a few rows a step do not notice and
// a second copy of the table would cost more than.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/Emitters.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

namespace {
struct Table {
  Value pointer;
  RankedTensorType type; // logical: [vocabulary][columns]
  kernel::PackedAttr packed;

  Value load(KernelBuilder &b, Value token, Value column, int64_t count) const;
};
} // namespace

Value Table::load(KernelBuilder &b, Value token, Value column, int64_t count) const {
  Type element = type.getElementType();
  int64_t bytes = KernelBuilder::bytesOf(element);
  if (!packed)
    return loadF32(b, element, b.at(b.at(pointer, b.mul(token, KernelBuilder::rowBytes(type))), b.mul(column, bytes)),
                   count);

  int64_t n = packed.getN(), k = packed.getK(), panelBytes = n * k * bytes;
  int64_t panels = llvm::divideCeil(type.getDimSize(1), k);
  Value row = b.add(b.mul(b.div(token, n), panels * panelBytes), b.mul(b.rem(token, n), k * bytes));
  Value first = b.at(b.at(pointer, row), b.mul(b.div(column, k), panelBytes));
  Type piece = b.getIntegerType(8 * k * bytes);
  Value pieces = b.zeros(b.vectorType(piece, KernelBuilder::lanes / k));
  for (int64_t i = 0; i * k < count; ++i) // the last piece may end in padding, which is zeros
    pieces =
        vector::InsertOp::create(b, b.load(piece, b.at(first, i * panelBytes), bytes), pieces, ArrayRef<int64_t>{i});
  Value vector = vector::BitCastOp::create(b, b.vectorType(element), pieces);
  return b.toF32(vector);
}

LogicalResult cpu::emitGather(KernelBuilder &b, kernel::FuncOp func) {
  auto ops = func.getBody().getOps<model::EmbeddingOp>();
  auto table = ops.empty() ? BlockArgument() : dyn_cast<BlockArgument>((*ops.begin()).getTable());
  if (!table || !llvm::hasSingleElement(ops))
    return func.emitOpError() << "expected one model.embedding of a table that is an operand";
  model::EmbeddingOp op = *ops.begin();
  Table rows{b.pointer(table), op.getTable().getType(), func.getLayout(table.getArgNumber())};
  int64_t pieceBytes = rows.packed ? rows.packed.getK() * KernelBuilder::bytesOf(rows.type.getElementType()) : 0;
  if (pieceBytes > 8 || (rows.packed && KernelBuilder::lanes % rows.packed.getK() != 0))
    return op.emitOpError() << "reads a table of " << rows.type << " packed by " << rows.packed.getK()
                            << " columns, expected a divisor of " << KernelBuilder::lanes
                            << " columns in at most 8 bytes";
  for (Value value : func.getBody().front().getTerminator()->getOperands())
    if (!TileValues::canEvaluate(value, op.getResult()))
      return op.emitOpError() << "shares a kernel with an op that is not elementwise";

  Value tokens = b.pointer(op.getTokens());
  forEachVector(b, op.getType().getDimSize(0), op.getType().getDimSize(1), [&](Value row, Value column, int64_t count) {
    TileValues values(b, row, column, count);
    values.set(op.getResult(), rows.load(b, b.loadIndex(b.at(tokens, b.mul(row, 4))), column, count));
    values.storeAll();
  });
  return success();
}
