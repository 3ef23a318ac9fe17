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

LogicalResult AttentionOp::verify() {
  RankedTensorType q = getQ().getType(), result = getType();
  CacheType cache = getCache().getType();
  double scale = getScale().convertToDouble();
  if (!(scale > 0 && scale < 1e6))
    return emitOpError() << "scale is " << scale << ", expected a positive number below 1e6";
  if (getNarrow() && !cache.getElementType().isBF16())
    return emitOpError() << "is narrow over a cache of " << cache.getElementType()
                         << ", expected bf16 on both sides of its products";
  if (failed(expectPositive(*this, "heads", getHeads())) ||
      failed(expectMultiple(*this, "heads", getHeads(), cache.getKvHeads(), "kv_heads of the cache")) ||
      failed(expectStaticColumns(*this, "the queries", q)) ||
      failed(expectStaticColumns(*this, "the result", result)) ||
      failed(expectStaticColumns(*this, "the segments", getSegments().getType())) ||
      failed(expectStaticColumns(*this, "the block table", getBlockTable().getType())) ||
      failed(expectSize(*this, "columns of the queries", q.getDimSize(1), getHeads() * cache.getHeadDim(),
                        "heads x head_dim of the cache")) ||
      failed(expectSize(*this, "columns of the segments", getSegments().getType().getDimSize(1), 4,
                        "slot, first row, rows, context")) ||
      failed(expectSize(*this, "rows of the result", result.getDimSize(0), q.getDimSize(0), "rows of the queries")) ||
      failed(
          expectSize(*this, "columns of the result", result.getDimSize(1), q.getDimSize(1), "columns of the queries")))
    return failure();
  return success();
}

// q.K and w.V: a multiply-add each per query element and context position.
int64_t AttentionOp::getFlops() {
  int64_t context = getBlockTable().getType().getDimSize(1) * getCache().getType().getPageTokens();
  return 4 * getType().getNumElements() * context;
}

int64_t AttentionOp::getWeightBytes() { return 0; }
