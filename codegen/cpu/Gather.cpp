// Gather: y[n, :] = table[tokens[n], :], widened, from a row-major table or one packed for linear layers.
//
// Loops: [rows][columns] in vectors of 16 over workers. A row of a packed<n, k> table lies in pieces of k elements, n *
// k apart: 16 / k small loads for a vector. Each touches its own cache line, which a few rows a step do not notice and
// a second copy of the table would cost more than. Codes of a quantized table lie four inputs together in a line, and
// 16 columns share a scale.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/Emitters.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
  Value loadCodes(KernelBuilder &b, Value token, Value column) const;
};
} // namespace

// scale * (code - zero) of 16 columns; those past the last are zeros.
Value Table::loadCodes(KernelBuilder &b, Value token, Value column) const {
  qt::Storage storage = qt::schemeOf(type).getStorage();
  qt::PanelLayout layout(storage, type.getDimSize(1));
  Value panel = b.at(pointer, b.mul(b.div(token, qt::kPanelOutputs), layout.panelBytes()));
  Value lane = b.rem(token, qt::kPanelOutputs);
  Value group = b.div(column, layout.groupInputs()), inGroup = b.rem(column, layout.groupInputs());
  Value block = b.at(panel, b.mul(b.div(group, layout.groupsPerBlock()), layout.blockBytes()));
  Value inBlock = b.rem(group, layout.groupsPerBlock());
  auto atLane = [&](Value base, int64_t size) { return b.at(base, b.mul(lane, size)); };
  auto half = [&](Value at) { return b.toF32(b.load(b.getF16Type(), at)); };

  Value lines = b.at(b.at(block, layout.headBytes()), b.mul(inBlock, layout.linesPerGroup() * qt::kLineBytes));
  Value first = b.div(inGroup, layout.inputsPerLine());
  VectorType words = b.vectorType(b.getI32Type(), KernelBuilder::lanes / 4), integers = b.vectorType(b.getI32Type());
  Value four = b.zeros(words);
  auto insert = [&](Value word, int64_t i) { four = vector::InsertOp::create(b, word, four, ArrayRef<int64_t>{i}); };
  auto word = [&](uint32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(value)));
  };
  for (int64_t i = 0; i < KernelBuilder::lanes / layout.inputsPerLine(); ++i) {
    // Columns past the last may have no line: they are read from the last one and not stored.
    Value line = b.min(b.add(first, i), b.i64(layout.linesPerGroup() - 1));
    Value codes = b.load(b.getI32Type(), atLane(b.at(lines, b.mul(line, qt::kLineBytes)), 4));
    if (storage.bits == 8) {
      insert(codes, i);
      continue;
    }
    insert(arith::AndIOp::create(b, codes, word(0x0f0f0f0f)), 2 * i);
    insert(arith::AndIOp::create(b, arith::ShRUIOp::create(b, codes, word(4)), word(0x0f0f0f0f)), 2 * i + 1);
  }
  Value bytes = vector::BitCastOp::create(b, b.vectorType(b.getI8Type()), four);
  Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(storage.fixedZero())));
  if (storage.zeroPoints)
    zero = arith::FPToSIOp::create(b, b.getI32Type(), half(atLane(b.at(block, layout.scaleBytes()), 2)));
  Value codes = arith::SubIOp::create(b, arith::ExtUIOp::create(b, integers, bytes), b.broadcast(zero));
  Value scale = layout.floatScales() ? b.load(b.getF32Type(), atLane(block, 4))
                                     : half(atLane(b.at(block, b.mul(inBlock, layout.scaleBytes())), 2));
  return b.mulF(arith::SIToFPOp::create(b, b.f32Vector(), codes), b.broadcast(scale));
}

Value Table::load(KernelBuilder &b, Value token, Value column, int64_t count) const {
  if (qt::schemeOf(type))
    return loadCodes(b, token, column);
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
  qt::Scheme scheme = qt::schemeOf(rows.type);
  if (scheme && (!rows.packed || rows.packed.getK() != scheme.panelInputs()))
    return op.emitOpError() << "reads a table of " << rows.type << " that is not packed by " << scheme.panelInputs()
                            << " columns";
  int64_t pieceBytes =
      rows.packed && !scheme ? rows.packed.getK() * KernelBuilder::bytesOf(rows.type.getElementType()) : 0;
  if (pieceBytes > 8 || (rows.packed && !scheme && KernelBuilder::lanes % rows.packed.getK() != 0))
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
