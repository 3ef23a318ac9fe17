// Reference evaluation of rope, cache_append and attention.
#include "dialects/model/Model.h"
#include "dialects/model/ReferenceTensor.h"
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace tenon;
using namespace tenon::model;
using ref::row;
using ref::Tensor;

using Operands = ArrayRef<ref::Value>;
using Results = SmallVectorImpl<ref::Value>;

LogicalResult RopeOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &x = *operands[0].tensor, &positions = *operands[1].tensor, &table = *operands[2].tensor;
  int64_t headDim = table.shape[1], half = headDim / 2;
  auto out = ref::makeRows(x.shape[0], x.shape[1]);
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    int32_t position = positions.i32[n];
    if (position < 0 || position >= table.shape[0])
      return emitOpError() << "position " << position << " of row " << n << " is outside the table of "
                           << table.shape[0] << " rows";
    std::span<const float> cosines = row(table, position).first(half), sines = row(table, position).last(half);
    for (int64_t head = 0; head < static_cast<int64_t>(getHeads()); ++head) {
      std::span<const float> from = row(x, n).subspan(head * headDim, headDim);
      std::span<float> to = row(*out, n).subspan(head * headDim, headDim);
      for (int64_t d = 0; d < half; ++d) {
        double low = from[d], high = from[d + half];
        to[d] = static_cast<float>(low * cosines[d] - high * sines[d]);
        to[d + half] = static_cast<float>(high * cosines[d] + low * sines[d]);
      }
    }
  }
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}

// The page that holds `position` of sequence slot `slot`, or a diagnostic where slot, position or page id is outside.
static FailureOr<int64_t> findPage(Operation *op, const ref::Cache &cache, const Tensor &blockTable, int64_t slot,
                                   int64_t position) {
  int64_t index = position < 0 ? -1 : position / cache.pageTokens;
  if (slot < 0 || slot >= blockTable.shape[0] || index < 0 || index >= blockTable.shape[1])
    return op->emitOpError() << "slot " << slot << ", position " << position << " is outside the block table of "
                             << blockTable.shape[0] << " slots with " << blockTable.shape[1] << " pages of "
                             << cache.pageTokens << " tokens";
  int64_t page = blockTable.i32[slot * blockTable.shape[1] + index];
  if (page < 0 || page >= cache.pages)
    return op->emitOpError() << "block table names page " << page << " for slot " << slot << ", position " << position
                             << ", expected 0.." << cache.pages - 1;
  return page;
}

// Stores one token's key or value of one head: rounded, or as codes of amax / 127, to nearest even; what is below
// 2^-100 throughout becomes zeros.
static void store(std::span<const float> x, Type stored, float *to, std::vector<float> &scales, size_t token) {
  if (!stored.isInteger(8)) {
    for (size_t d = 0; d < x.size(); ++d)
      to[d] = ref::round(x[d], stored);
    return;
  }
  float most = 0;
  for (float value : x)
    most = std::max(most, std::abs(value));
  float scale = most < 0x1p-100f ? 0 : most / 127;
  for (size_t d = 0; d < x.size(); ++d)
    to[d] = scale == 0 ? 0 : std::nearbyint(x[d] / scale) + 0.0f; // codes have one zero
  scales[token] = scale;
}

LogicalResult CacheAppendOp::evaluate(ref::Context &, Operands operands, Results &) {
  const Tensor &k = *operands[0].tensor, &v = *operands[1].tensor;
  ref::Cache &cache = *operands[2].cache;
  ArrayRef<int32_t> positions = operands[3].tensor->i32, slots = operands[4].tensor->i32;
  Type stored = getCache().getType().getElementType();
  if (stored.isInteger(8)) // before the first write
    for (std::vector<float> *scales : {&cache.keyScales, &cache.valueScales})
      scales->resize(cache.keys.size() / cache.headDim);
  for (int64_t n = 0; n < k.shape[0]; ++n) {
    if (slots[n] < 0)
      continue;
    FailureOr<int64_t> page = findPage(*this, cache, *operands[5].tensor, slots[n], positions[n]);
    if (failed(page))
      return failure();
    for (int64_t head = 0; head < cache.kvHeads; ++head) {
      size_t to = cache.at(*page, head, positions[n] % cache.pageTokens);
      size_t token = to / cache.headDim;
      store(row(k, n).subspan(head * cache.headDim, cache.headDim), stored, &cache.keys[to], cache.keyScales, token);
      store(row(v, n).subspan(head * cache.headDim, cache.headDim), stored, &cache.values[to], cache.valueScales,
            token);
    }
  }
  return success();
}

namespace {
// Weights of the tokens that one query sees, relative to the largest, and what they are made from.
struct Weights {
  double largest; // score, times log2(e)
  std::vector<double> weights;
  double sum = 0;

  // where[t]: offset of position t in the cache. Queries and weights are rounded to `narrow`.
  Weights(std::span<const float> q, const ref::Cache &cache, ArrayRef<size_t> where, double scale, Type narrow) {
    for (size_t at : where) {
      double dot = 0;
      for (size_t d = 0; d < q.size(); ++d)
        dot += static_cast<double>(ref::round(q[d], narrow)) * cache.key(at + d);
      weights.push_back(scale * std::numbers::log2e * dot);
    }
    largest = *llvm::max_element(weights);
    for (double &weight : weights) {
      weight = std::exp2(weight - largest);
      if (!narrow.isF32())
        weight = ref::round(static_cast<float>(weight), narrow);
      sum += weight;
    }
  }

  // sum_t weights[t] * values[t] / divisor
  void multiply(const ref::Cache &cache, ArrayRef<size_t> where, double divisor, std::span<float> out) const {
    std::vector<double> total(out.size());
    for (auto [weight, at] : llvm::zip_equal(weights, where))
      for (size_t d = 0; d < out.size(); ++d)
        total[d] += weight / divisor * cache.value(at + d);
    llvm::transform(total, out.begin(), [](double value) { return static_cast<float>(value); });
  }
};

// A query: row of q, head, and the offsets in the cache of the positions that it sees.
using VisitQuery =
    llvm::function_ref<void(int64_t row, int64_t head, std::span<const float> q, ArrayRef<size_t> where)>;
} // namespace

// Calls `visit` for every query of every segment.
template <typename Op> static LogicalResult forEachQuery(Op op, Operands operands, VisitQuery visit) {
  const Tensor &q = *operands[0].tensor, &segments = *operands[2].tensor, &blockTable = *operands[3].tensor;
  const ref::Cache &cache = *operands[1].cache;
  int64_t heads = op.getHeads(), queriesPerKv = heads / cache.kvHeads;
  for (int64_t s = 0; s < segments.shape[0]; ++s) {
    auto [slot, first, rows, context] = std::array<int32_t, 4>{segments.i32[4 * s], segments.i32[4 * s + 1],
                                                               segments.i32[4 * s + 2], segments.i32[4 * s + 3]};
    if (rows == 0)
      continue;
    if (first < 0 || rows < 0 || rows > q.shape[0] - first || context < rows)
      return op.emitOpError() << "segment " << s << " is {" << slot << ", " << first << ", " << rows << ", " << context
                              << "}, expected its rows within the " << q.shape[0] << " queries and at most its context";
    for (int64_t j = 0; j < rows; ++j) {
      for (int64_t head = 0; head < heads; ++head) {
        SmallVector<size_t> where;
        for (int64_t t = 0; t <= context - rows + j; ++t) {
          FailureOr<int64_t> page = findPage(op, cache, blockTable, slot, t);
          if (failed(page))
            return failure();
          where.push_back(cache.at(*page, head / queriesPerKv, t % cache.pageTokens));
        }
        visit(first + j, head, row(q, first + j).subspan(head * cache.headDim, cache.headDim), where);
      }
    }
  }
  return success();
}

// What queries and weights are rounded to.
template <typename Op> static Type narrowType(Op op) {
  MLIRContext *context = op.getContext();
  return op.getNarrow() ? Type(BFloat16Type::get(context)) : Type(Float32Type::get(context));
}

LogicalResult AttentionOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &q = *operands[0].tensor;
  const ref::Cache &cache = *operands[1].cache;
  auto out = ref::makeRows(q.shape[0], q.shape[1]);
  auto attend = [&](int64_t token, int64_t head, std::span<const float> query, ArrayRef<size_t> where) {
    Weights weights(query, cache, where, getScale().convertToDouble(), narrowType(*this));
    weights.multiply(cache, where, weights.sum, row(*out, token).subspan(head * cache.headDim, cache.headDim));
  };
  if (failed(forEachQuery(*this, operands, attend)))
    return failure();
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}

LogicalResult AttentionPartialOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &q = *operands[0].tensor;
  const ref::Cache &cache = *operands[1].cache;
  int64_t heads = getHeads(), span = getSpan();
  auto outputs = ref::makeRows(q.shape[0], getOutputs().getType().getDimSize(1));
  auto largest = ref::makeRows(q.shape[0], getLargest().getType().getDimSize(1));
  auto sums = ref::makeRows(q.shape[0], getSums().getType().getDimSize(1));
  auto attend = [&](int64_t token, int64_t head, std::span<const float> query, ArrayRef<size_t> where) {
    for (int64_t s = 0; s * span < static_cast<int64_t>(where.size()); ++s) {
      ArrayRef<size_t> tokens = where.drop_front(s * span);
      tokens = tokens.take_front(span);
      Weights weights(query, cache, tokens, getScale().convertToDouble(), narrowType(*this));
      int64_t index = s * heads + head;
      row(*largest, token)[index] = static_cast<float>(weights.largest);
      row(*sums, token)[index] = static_cast<float>(weights.sum);
      weights.multiply(cache, tokens, 1, row(*outputs, token).subspan(index * cache.headDim, cache.headDim));
    }
  };
  if (failed(forEachQuery(*this, operands, attend)))
    return failure();
  for (auto &part : {outputs, largest, sums})
    results.push_back({part, nullptr});
  return success();
}

LogicalResult AttentionCombineOp::evaluate(ref::Context &, Operands operands, Results &results) {
  const Tensor &outputs = *operands[0].tensor, &largest = *operands[1].tensor, &sums = *operands[2].tensor,
               &segments = *operands[3].tensor;
  int64_t heads = getHeads(), headDim = getType().getDimSize(1) / heads;
  auto out = ref::makeRows(outputs.shape[0], getType().getDimSize(1));
  for (int64_t s = 0; s < segments.shape[0]; ++s) {
    int64_t first = segments.i32[4 * s + 1], rows = segments.i32[4 * s + 2], context = segments.i32[4 * s + 3];
    for (int64_t j = 0; j < rows; ++j)
      for (int64_t head = 0; head < heads; ++head) {
        int64_t spans = (context - rows + j) / static_cast<int64_t>(getSpan()) + 1;
        auto at = [&](const Tensor &part, int64_t span) { return row(part, first + j)[span * heads + head]; };
        double most = -INFINITY, sum = 0;
        for (int64_t span = 0; span < spans; ++span)
          most = std::max<double>(most, at(largest, span));
        std::vector<double> total(headDim);
        for (int64_t span = 0; span < spans; ++span) {
          double factor = std::exp2(at(largest, span) - most);
          sum += factor * at(sums, span);
          for (int64_t d = 0; d < headDim; ++d)
            total[d] += factor * row(outputs, first + j)[(span * heads + head) * headDim + d];
        }
        for (int64_t d = 0; d < headDim; ++d)
          row(*out, first + j)[head * headDim + d] = static_cast<float>(total[d] / sum);
      }
  }
  results.push_back(ref::finish(out, getType().getElementType()));
  return success();
}
