// Rope, cache_append and attention: shapes and cost.
#include "dialects/model/Expect.h"
#include "dialects/model/Model.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::model;

LogicalResult RopeOp::verify() {
  RankedTensorType x = getX().getType(), table = getTable().getType(), result = getType();
  if (failed(expectPositive(*this, "heads", getHeads())) || failed(expectStaticColumns(*this, "the input", x)) ||
      failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectStaticColumns(*this, "the table", table)) ||
      failed(expectMultiple(*this, "columns of the input", x.getDimSize(1), getHeads(), "heads")))
    return failure();
  int64_t headDim = x.getDimSize(1) / getHeads();
  if (failed(expectMultiple(*this, "head size", headDim, 2, "halves rotate against each other")) ||
      failed(
          expectSize(*this, "columns of the table", table.getDimSize(1), headDim, "columns of the input per head")) ||
      failed(expectSize(*this, "number of positions", getPositions().getType().getDimSize(0), x.getDimSize(0),
                        "rows of the input")) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), x.getDimSize(0), "rows of the input")) ||
      failed(expectSize(*this, "columns of the result", result.getDimSize(1), x.getDimSize(1), "columns of the input")))
    return failure();
  return success();
}

// Two multiplications and an addition per element.
int64_t RopeOp::getFlops() { return 3 * getType().getNumElements(); }

LogicalResult CacheAppendOp::verify() {
  RankedTensorType k = getK().getType(), v = getV().getType();
  CacheType cache = getCache().getType();
  int64_t columns = cache.getKvHeads() * cache.getHeadDim();
  const char *kvColumns = "kv_heads x head_dim of the cache";
  if (failed(expectStaticColumns(*this, "the keys", k)) || failed(expectStaticColumns(*this, "the values", v)) ||
      failed(expectSize(*this, "columns of the keys", k.getDimSize(1), columns, kvColumns)) ||
      failed(expectSize(*this, "columns of the values", v.getDimSize(1), columns, kvColumns)) ||
      failed(expectSize(*this, "rows of the values", v.getDimSize(0), k.getDimSize(0), "rows of the keys")) ||
      failed(expectSize(*this, "number of positions", getPositions().getType().getDimSize(0), k.getDimSize(0),
                        "rows of the keys")) ||
      failed(expectSize(*this, "number of slots", getSlots().getType().getDimSize(0), k.getDimSize(0),
                        "rows of the keys")))
    return failure();
  return success();
}

int64_t CacheAppendOp::getFlops() { return 0; }
int64_t CacheAppendOp::getWeightBytes() { return 0; }

// What attention and attention_partial have in common.
template <typename Op> static LogicalResult verifyAttention(Op op) {
  RankedTensorType q = op.getQ().getType();
  CacheType cache = op.getCache().getType();
  double scale = op.getScale().convertToDouble();
  if (!(scale > 0 && scale < 1e6))
    return op.emitOpError() << "scale is " << scale << ", expected a positive number below 1e6";
  if (op.getNarrow() && !cache.getElementType().isBF16() && !cache.getElementType().isInteger(8))
    return op.emitOpError() << "is narrow over a cache of " << cache.getElementType()
                            << ", expected numbers that bf16 holds: bf16 or i8";
  if (failed(expectPositive(op, "heads", op.getHeads())) ||
      failed(expectMultiple(op, "heads", op.getHeads(), cache.getKvHeads(), "kv_heads of the cache")) ||
      failed(expectStaticColumns(op, "the queries", q)) ||
      failed(expectStaticColumns(op, "the segments", op.getSegments().getType())) ||
      failed(expectStaticColumns(op, "the block table", op.getBlockTable().getType())) ||
      failed(expectSize(op, "columns of the queries", q.getDimSize(1), op.getHeads() * cache.getHeadDim(),
                        "heads x head_dim of the cache")) ||
      failed(expectSize(op, "columns of the segments", op.getSegments().getType().getDimSize(1), 4,
                        "slot, first row, rows, context")))
    return failure();
  return success();
}

static LogicalResult expectSpan(Operation *op, int64_t span, CacheType cache) {
  if (failed(expectPositive(op, "span", span)))
    return failure();
  return expectMultiple(op, "span", span, cache.getPageTokens(), "tokens of a page");
}

LogicalResult AttentionOp::verify() {
  RankedTensorType q = getQ().getType(), result = getType();
  if (failed(verifyAttention(*this)) || failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), q.getDimSize(0), "rows of the queries")) ||
      failed(
          expectSize(*this, "columns of the result", result.getDimSize(1), q.getDimSize(1), "columns of the queries")))
    return failure();
  return getSpan() ? expectSpan(*this, *getSpan(), getCache().getType()) : success();
}

static int64_t longestContext(RankedTensorType blockTable, CacheType cache) {
  return blockTable.getDimSize(1) * cache.getPageTokens();
}

// q.K and w.V: a multiply-add each per query element and context position.
int64_t AttentionOp::getFlops() {
  return 4 * getType().getNumElements() * longestContext(getBlockTable().getType(), getCache().getType());
}

int64_t AttentionOp::getWeightBytes() { return 0; }

LogicalResult AttentionPartialOp::verify() {
  RankedTensorType q = getQ().getType();
  if (failed(verifyAttention(*this)) || failed(expectSpan(*this, getSpan(), getCache().getType())))
    return failure();
  int64_t spans = llvm::divideCeil(longestContext(getBlockTable().getType(), getCache().getType()), getSpan());
  auto expectPart = [&](const char *what, RankedTensorType type, int64_t columns) -> LogicalResult {
    if (failed(expectStaticColumns(*this, Twine("the ") + what, type)) ||
        failed(expectSize(*this, Twine("rows of the ") + what, type.getDimSize(0), q.getDimSize(0),
                          "rows of the queries")))
      return failure();
    return expectSize(*this, Twine("columns of the ") + what, type.getDimSize(1), columns,
                      "a part for each span of the longest context");
  };
  if (failed(expectPart("outputs", getOutputs().getType(), spans * q.getDimSize(1))) ||
      failed(expectPart("largest scores", getLargest().getType(), spans * getHeads())) ||
      failed(expectPart("sums", getSums().getType(), spans * getHeads())))
    return failure();
  return success();
}

int64_t AttentionPartialOp::getFlops() {
  return 4 * getQ().getType().getNumElements() * longestContext(getBlockTable().getType(), getCache().getType());
}

int64_t AttentionPartialOp::getWeightBytes() { return 0; }

LogicalResult AttentionCombineOp::verify() {
  RankedTensorType outputs = getOutputs().getType(), largest = getLargest().getType(), sums = getSums().getType();
  for (RankedTensorType type : {outputs, largest, sums, getType()})
    if (failed(expectStaticColumns(*this, "an operand or the result", type)) ||
        failed(expectSize(*this, "rows of the operands", type.getDimSize(0), getType().getDimSize(0),
                          "rows of the result")))
      return failure();
  if (failed(expectPositive(*this, "heads", getHeads())) || failed(expectPositive(*this, "span", getSpan())) ||
      failed(expectMultiple(*this, "columns of the largest scores", largest.getDimSize(1), getHeads(), "heads")) ||
      failed(expectMultiple(*this, "columns of the result", getType().getDimSize(1), getHeads(), "heads")) ||
      failed(expectSize(*this, "columns of the sums", sums.getDimSize(1), largest.getDimSize(1),
                        "columns of the largest scores")) ||
      failed(expectSize(*this, "columns of the outputs", outputs.getDimSize(1),
                        largest.getDimSize(1) / getHeads() * getType().getDimSize(1),
                        "a result for each span of the largest scores")) ||
      failed(expectSize(*this, "columns of the segments", getSegments().getType().getDimSize(1), 4,
                        "slot, first row, rows, context")))
    return failure();
  return success();
}

// Two multiply-adds per element of each span.
int64_t AttentionCombineOp::getFlops() { return 4 * getOutputs().getType().getNumElements(); }
int64_t AttentionCombineOp::getWeightBytes() { return 0; }
