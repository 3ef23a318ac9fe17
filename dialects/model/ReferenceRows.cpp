// Reference evaluation of symbols and of ops on whole rows.
#include "dialects/model/Model.h"
#include "dialects/model/ReferenceTensor.h"
#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::model;
using ref::row;
using ref::Tensor;

using Operands = ArrayRef<ref::Value>;
using Results = SmallVectorImpl<ref::Value>;

LogicalResult GetWeightOp::evaluate(ref::Context &context, Operands, Results &results) {
  std::shared_ptr<Tensor> weight = context.weight(getSymbol());
  if (!weight)
    return failure();
  if (ArrayRef<int64_t>(weight->shape) != getType().getShape())
    return emitOpError() << "got contents of another shape for " << getSymbolAttr() << ", expected " << getType();
  results.push_back({std::move(weight), nullptr});
  return success();
}

LogicalResult GetCacheOp::evaluate(ref::Context &context, Operands, Results &results) {
  std::shared_ptr<ref::Cache> cache = context.cache(getSymbol());
  if (!cache)
    return failure();
  results.push_back({nullptr, std::move(cache)});
  return success();
}

// Copies the rows that `indices` name.
static LogicalResult gather(Operation *op, const Tensor &table, ArrayRef<int32_t> indices, Tensor &out) {
  for (auto [n, index] : llvm::enumerate(indices)) {
    if (index < 0 || index >= table.shape[0])
      return op->emitOpError() << "index " << index << " at position " << n << " is outside the table of "
                               << table.shape[0] << " rows";
    if (table.isQuantized())
      for (int64_t c = 0; c < table.shape[1]; ++c)
        row(out, n)[c] = ref::dequantized(table, index, c);
    else
      llvm::copy(row(table, index), row(out, n).begin());
  }
  return success();
}

LogicalResult EmbeddingOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &tokens = *operands[0].tensor, &table = *operands[1].tensor;
  auto out = ref::makeRows(tokens.shape[0], table.shape[1]);
  if (failed(gather(*this, table, tokens.i32, *out)))
    return failure();
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}

LogicalResult SelectRowsOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &x = *operands[0].tensor, &rows = *operands[1].tensor;
  auto out = ref::makeRows(rows.shape[0], x.shape[1]);
  if (failed(gather(*this, x, rows.i32, *out)))
    return failure();
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}

LogicalResult RmsNormOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &x = *operands[0].tensor;
  ArrayRef<float> gain = operands[1].tensor->f32;
  double eps = getEps().convertToDouble();
  auto out = ref::makeRows(x.shape[0], x.shape[1]);
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    double squares = 0;
    for (double value : row(x, n))
      squares += value * value;
    double inverse = 1 / std::sqrt(squares / static_cast<double>(x.shape[1]) + eps);
    for (auto [y, value, g] : llvm::zip_equal(row(*out, n), row(x, n), gain))
      y = static_cast<float>(value * inverse * g);
  }
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}

LogicalResult LinearOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &x = *operands[0].tensor, &weight = *operands[1].tensor;
  auto out = ref::makeRows(x.shape[0], weight.shape[0]);
  const Tensor *bias = operands.size() > 2 ? operands[2].tensor.get() : nullptr;
  if (x.isQuantized())
    ref::multiplyCodes(x, weight, bias, *out);
  else if (weight.isQuantized())
    ref::multiplyRows(x, *ref::dequantize(weight), bias, *out);
  else
    ref::multiplyRows(x, weight, bias, *out);
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}
