#include "codegen/common/ElementwiseTree.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

Value tenon::codegen::evaluateElementwise(KernelBuilder &b, Value tensor, LaneValues &known,
                                          llvm::function_ref<Value(Value)> leaf) {
  if (Value lanes = known.lookup(tensor))
    return lanes;
  Value lanes;
  if (auto op = tensor.getDefiningOp<VectorElementwise>()) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(evaluateElementwise(b, operand, known, leaf));
    lanes = op.emitVector(b, b.getLoc(), operands);
  } else {
    lanes = leaf(tensor);
  }
  known[tensor] = lanes;
  return lanes;
}

// Byte offset of an element; a vector has one row.
static Value offsetOf(KernelBuilder &b, RankedTensorType type, Value row, Value column) {
  Value offset = b.mul(column, KernelBuilder::bytesOf(type.getElementType()));
  return type.getRank() == 1 ? offset : b.add(b.mul(row, KernelBuilder::rowBytes(type)), offset);
}

Value tenon::codegen::loadOperand(KernelBuilder &b, Value tensor, Value row, Value column, Value count) {
  auto type = cast<RankedTensorType>(tensor.getType());
  VectorType lanes = b.vectorType(type.getElementType());
  Value pointer = b.at(b.pointer(tensor), offsetOf(b, type, row, column));
  return b.toF32(count ? b.loadLanes(lanes, pointer, count) : b.load(lanes, pointer));
}

void tenon::codegen::storeLanesOf(KernelBuilder &b, Value lanes, RankedTensorType type, Value pointer, Value row,
                                  Value column, Value count) {
  Value place = b.at(pointer, offsetOf(b, type, row, column));
  Value rounded = b.fromF32(lanes, type.getElementType());
  if (count)
    b.storeLanes(rounded, place, count);
  else
    b.store(rounded, place);
}
