#include "codegen/common/RowPrep.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

LogicalResult RowPrep::verify(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return success();
  if (auto quantize = dyn_cast<qt::QuantizeRowsOp>(op))
    return verifyFloats(quantize.getX());
  return verifyFloats(tensor);
}

LogicalResult RowPrep::verifyFloats(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return success();
  if (!isa<model::SelectRowsOp, model::RmsNormOp, VectorElementwise>(op))
    return op->emitOpError("cannot be evaluated row by row; expected select_rows, rms_norm or an elementwise op");
  for (Value operand : op->getOperands())
    if (failed(verifyFloats(operand)))
      return failure();
  return success();
}

RowPrep::RowPrep(KernelBuilder &builder, Value tensor, Value row)
    : b(builder), tensor(tensor), columns(cast<RankedTensorType>(tensor.getType()).getDimSize(1)) {
  begin(tensor, row);
}

void RowPrep::begin(Value value, Value row) {
  if (!rowOf.try_emplace(value, row).second)
    return;
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  if (auto select = dyn_cast<model::SelectRowsOp>(op))
    return begin(select.getX(), b.loadIndex(b.at(b.pointer(select.getRows()), b.mul(row, 4))));
  if (auto norm = dyn_cast<model::RmsNormOp>(op)) {
    begin(norm.getX(), row);
    scaleOf[value] = inverseRms(norm.getX(), columns, norm.getEps().convertToDouble());
    return;
  }
  for (Value operand : op->getOperands())
    begin(operand, row);
}

// Four running sums hide the latency of the multiply-add; the order of additions depends on the width only.
Value RowPrep::inverseRms(Value x, int64_t width, double eps) {
  constexpr int64_t chains = 4, step = chains * KernelBuilder::lanes;
  auto addSquares = [&](Value sum, Value column, Value count) {
    Value lanes = evaluate(x, column, count);
    return b.fma(lanes, lanes, sum);
  };
  SmallVector<Value> init(chains, b.splat(0));
  int64_t whole = width / step * step;
  SmallVector<Value> sums = b.loop(b.i64(0), b.i64(whole), step, init, [&](Value column, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [chain, sum] : llvm::enumerate(carried))
      next.push_back(addSquares(sum, b.add(column, chain * KernelBuilder::lanes), {}));
    return next;
  });
  for (int64_t column = whole, chain = 0; column < width; column += KernelBuilder::lanes, ++chain) {
    int64_t count = std::min(width - column, KernelBuilder::lanes);
    sums[chain] = addSquares(sums[chain], b.i64(column), count < KernelBuilder::lanes ? b.i64(count) : Value());
  }
  Value total = b.horizontalSum(b.addF(b.addF(sums[0], sums[1]), b.addF(sums[2], sums[3])));
  Value mean = b.divF(total, b.f32(static_cast<double>(width)));
  return b.divF(b.f32(1), b.sqrt(b.addF(mean, b.f32(eps))));
}

Value RowPrep::evaluate(Value value, Value column, Value count) {
  LaneValues known;
  return evaluateElementwise(b, value, known, [&](Value leaf) -> Value {
    if (auto select = leaf.getDefiningOp<model::SelectRowsOp>())
      return evaluate(select.getX(), column, count);
    if (auto norm = leaf.getDefiningOp<model::RmsNormOp>()) {
      Value scaled = b.mulF(evaluate(norm.getX(), column, count), b.broadcast(scaleOf.at(leaf)));
      return b.mulF(scaled, loadOperand(b, norm.getGain(), {}, column, count));
    }
    return loadOperand(b, leaf, rowOf.at(leaf), column, count);
  });
}

Value RowPrep::at(Value column, Value count) { return evaluate(tensor, column, count); }

void RowPrep::forColumns(llvm::function_ref<void(Value, Value)> body) {
  int64_t whole = columns / KernelBuilder::lanes * KernelBuilder::lanes;
  b.loop(0, whole, KernelBuilder::lanes, [&](Value column) { body(column, {}); });
  if (whole < columns)
    body(b.i64(whole), b.i64(columns - whole));
}

void RowPrep::writeTo(Value destination, int64_t paddedColumns) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  int64_t bytes = KernelBuilder::bytesOf(element);
  forColumns([&](Value column, Value count) {
    b.store(b.fromF32(at(column, count), element), b.at(destination, b.mul(column, bytes)));
  });
  Value zeros = b.zeros(b.vectorType(element));
  for (int64_t column = llvm::alignTo(columns, KernelBuilder::lanes); column < paddedColumns;
       column += KernelBuilder::lanes)
    b.store(zeros, b.at(destination, column * bytes));
}
