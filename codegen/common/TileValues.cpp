#include "codegen/common/TileValues.h"
#include "dialects/interfaces/Interfaces.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

Value tenon::codegen::loadF32(KernelBuilder &b, Type element, Value pointer, int64_t count) {
  VectorType type = b.vectorType(element);
  if (count == KernelBuilder::lanes)
    return b.toF32(b.load(type, pointer));
  return b.toF32(b.loadLanes(type, pointer, b.i64(count)));
}

void tenon::codegen::storeF32(KernelBuilder &b, Value vector, Type element, Value pointer, int64_t count) {
  Value stored = b.fromF32(vector, element);
  if (count == KernelBuilder::lanes)
    return b.store(stored, pointer);
  b.storeLanes(stored, pointer, b.i64(count));
}

static Value lanesWithin(KernelBuilder &b, int64_t count) {
  return count == KernelBuilder::lanes ? Value() : b.i64(count);
}

Value TileValues::get(Value value) {
  return evaluateElementwise(
      b, value, vectors, [&](Value operand) { return loadOperand(b, operand, row, column, lanesWithin(b, count)); });
}

void TileValues::store(unsigned index) {
  Value value = b.source().getBody().front().getTerminator()->getOperand(index);
  auto type = cast<RankedTensorType>(value.getType());
  storeLanesOf(b, get(value), type, b.resultPointer(index), row, column, lanesWithin(b, count));
}

void TileValues::storeAll() {
  for (unsigned index = 0, e = b.source().getFunctionType().getNumResults(); index < e; ++index)
    store(index);
}

bool TileValues::canEvaluate(Value value, ArrayRef<Value> known) {
  if (llvm::is_contained(known, value) || isa<BlockArgument>(value))
    return true;
  auto op = value.getDefiningOp<VectorElementwise>();
  return op && llvm::all_of(op->getOperands(), [&](Value operand) { return canEvaluate(operand, known); });
}

bool TileValues::dependsOn(Value value, Value source) {
  if (value == source)
    return true;
  auto op = value.getDefiningOp<VectorElementwise>();
  return op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, source); });
}

void tenon::codegen::forEachVector(KernelBuilder &b, int64_t rows, int64_t columns,
                                   llvm::function_ref<void(Value, Value, int64_t)> body) {
  constexpr int64_t lanes = KernelBuilder::lanes;
  int64_t vectors = columns / lanes, rest = columns % lanes;
  if (vectors != 0) {
    auto [begin, end] = b.share(rows * vectors);
    b.loop(begin, end, 1,
           [&](Value index) { body(b.div(index, vectors), b.mul(b.rem(index, vectors), lanes), lanes); });
  }
  if (rest != 0) {
    auto [begin, end] = b.share(rows);
    b.loop(begin, end, 1, [&](Value row) { body(row, b.i64(vectors * lanes), rest); });
  }
}
