// Embedding, select_rows, rms_norm and linear: shapes and cost.
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/Expect.h"
#include "dialects/model/Model.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::model;

LogicalResult EmbeddingOp::verify() {
  RankedTensorType table = getTable().getType(), result = getType();
  if (!result.getElementType().isF32())
    return emitOpError() << "result has type " << result << ", expected elements of f32 (rows are widened)";
  if (failed(expectStaticColumns(*this, "the table", table)) ||
      failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), getTokens().getType().getDimSize(0),
                        "number of tokens")) ||
      failed(expectSize(*this, "columns of the result", result.getDimSize(1), table.getDimSize(1),
                        "columns of the table")))
    return failure();
  return success();
}

int64_t EmbeddingOp::getFlops() { return 0; }

// Only the rows that the tokens name are read.
int64_t EmbeddingOp::getWeightBytes() {
  RankedTensorType table = getTable().getType();
  return static_cast<int64_t>(*tensorBytes(table) / table.getDimSize(0)) * getType().getDimSize(0);
}

LogicalResult SelectRowsOp::verify() {
  RankedTensorType x = getX().getType(), result = getType();
  if (x.getElementType() != result.getElementType())
    return emitOpError() << "result has type " << result << ", expected elements of " << x.getElementType()
                         << " (the input's)";
  if (failed(expectStaticColumns(*this, "the input", x)) || failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), getRows().getType().getDimSize(0),
                        "number of indices")) ||
      failed(expectSize(*this, "columns of the result", result.getDimSize(1), x.getDimSize(1), "columns of the input")))
    return failure();
  return success();
}

int64_t SelectRowsOp::getFlops() { return 0; }

LogicalResult RmsNormOp::verify() {
  RankedTensorType x = getX().getType(), result = getType();
  double eps = getEps().convertToDouble();
  if (!(eps >= 0 && eps < 1))
    return emitOpError() << "eps is " << eps << ", expected 0 <= eps < 1";
  if (failed(expectStaticColumns(*this, "the input", x)) || failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectSize(*this, "size of the gain", getGain().getType().getDimSize(0), x.getDimSize(1),
                        "columns of the input")) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), x.getDimSize(0), "rows of the input")) ||
      failed(expectSize(*this, "columns of the result", result.getDimSize(1), x.getDimSize(1), "columns of the input")))
    return failure();
  return success();
}

// Square and add, scale, gain.
int64_t RmsNormOp::getFlops() { return 4 * getType().getNumElements(); }

LogicalResult LinearOp::verify() {
  RankedTensorType x = getX().getType(), weight = getWeight().getType(), result = getType();
  if (failed(expectStaticColumns(*this, "the input", x)) || failed(expectStaticColumns(*this, "the result", result)) ||
      failed(
          expectSize(*this, "columns of the input", x.getDimSize(1), weight.getDimSize(1), "columns of the weight")) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), x.getDimSize(0), "rows of the input")) ||
      failed(
          expectSize(*this, "columns of the result", result.getDimSize(1), weight.getDimSize(0), "rows of the weight")))
    return failure();
  if (getBias() && failed(expectSize(*this, "size of the bias", getBias().getType().getDimSize(0), weight.getDimSize(0),
                                     "rows of the weight")))
    return failure();
  auto quantized = [](RankedTensorType type) { return isa<QuantizedElement>(type.getElementType()); };
  if (quantized(x) && !quantized(weight))
    return emitOpError() << "multiplies quantized rows " << x << " with " << weight << ", expected a quantized weight";
  return success();
}

int64_t LinearOp::getFlops() {
  int64_t columns = getX().getType().getDimSize(1);
  return getType().getNumElements() * (2 * columns + (getBias() ? 1 : 0));
}

int64_t LinearOp::getWeightBytes() {
  auto bytes = [](RankedTensorType type) { return static_cast<int64_t>(*tensorBytes(type)); };
  return bytes(getWeight().getType()) + (getBias() ? bytes(getBias().getType()) : 0);
}
