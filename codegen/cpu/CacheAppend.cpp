// Cache: rope of queries and keys, and the write of this step's keys and values into the paged cache.
//
//   rope result   row-major [N][heads * head_dim], where the kernel yields it
//   keys, values  in pages (dialects/model/CacheLayout.h): a token's key is a column
//
// A cache of codes takes a head twice: its largest magnitude first, then codes and their scale.
// Loops: jobs (each rotated result, the keys, the values) > heads > rows, all in one line that is cut over workers >
// halves of the head in vectors. Rows run innermost, so that consecutive tokens fill the same cache lines of a key
// page.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/Emitters.h"
#include "dialects/model/CacheLayout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

namespace {
// Where in a row the two vectors of a pair stand that rope rotates against each other.
struct Pair {
  Value row;
  Value low, high; // columns
  Value offset;    // column within the half of a head
  int64_t count;
};

class CacheKernel {
public:
  CacheKernel(KernelBuilder &b, kernel::FuncOp func) : b(b), func(func) {}
  LogicalResult check();
  void emit();

private:
  using PairBody = llvm::function_ref<void(Value low, Value high, const Pair &pair)>;
  // One line of heads x rows; a worker does what of [begin, end) lies in it.
  struct Job {
    int64_t heads;
    std::function<void(Value head, Value row)> body;
  };

  void forEachPair(int64_t headDim, Value head, Value row, llvm::function_ref<void(const Pair &)> body);
  std::pair<Value, Value> evaluate(Value source, const Pair &pair);
  void storeRotated(model::RopeOp rope, Value head, Value row);
  void writeKey(model::CacheAppendOp append, Value head, Value row);
  void writeValue(model::CacheAppendOp append, Value head, Value row);
  // A head of `source` as a scaled cache stores it: f32 scalars, `scale` of the codes and what they are divided by.
  struct Scale {
    Value scale, divisor;
  };
  Scale scaleOf(Value source, int64_t headDim, Value head, Value row);
  // A vector as the cache stores its elements.
  Value encode(Value vector, const model::CacheLayout &layout, Type element, const Scale &scale);
  // Runs `body(page, token)` for the place of `row` in the cache, unless the row is padding.
  void atPlace(model::CacheAppendOp append, Value row, llvm::function_ref<void(Value page, Value token)> body);

  KernelBuilder &b;
  kernel::FuncOp func;
  Value most; // scratch of scaleOf: f32 [16], null before it is needed
};
} // namespace

void CacheKernel::forEachPair(int64_t headDim, Value head, Value row, llvm::function_ref<void(const Pair &)> body) {
  int64_t half = headDim / 2, rest = half % KernelBuilder::lanes;
  Value first = b.mul(head, headDim);
  auto visit = [&](Value offset, int64_t count) {
    Value low = b.add(first, offset);
    body({row, low, b.add(low, half), offset, count});
  };
  b.loop(0, half - rest, KernelBuilder::lanes, [&](Value offset) { visit(offset, KernelBuilder::lanes); });
  if (rest != 0)
    visit(b.i64(half - rest), rest);
}

std::pair<Value, Value> CacheKernel::evaluate(Value source, const Pair &pair) {
  auto rope = source.getDefiningOp<model::RopeOp>();
  Value input = rope ? Value(rope.getX()) : source;
  Value low = TileValues(b, pair.row, pair.low, pair.count).get(input);
  Value high = TileValues(b, pair.row, pair.high, pair.count).get(input);
  if (!rope)
    return {low, high};
  RankedTensorType table = rope.getTable().getType();
  Value position = b.loadIndex(b.at(b.pointer(rope.getPositions()), b.mul(pair.row, 4)));
  Value cosine = TileValues(b, position, pair.offset, pair.count).get(rope.getTable());
  Value sine = TileValues(b, position, b.add(pair.offset, table.getDimSize(1) / 2), pair.count).get(rope.getTable());
  return {b.subF(b.mulF(low, cosine), b.mulF(high, sine)), b.addF(b.mulF(high, cosine), b.mulF(low, sine))};
}

void CacheKernel::storeRotated(model::RopeOp rope, Value head, Value row) {
  forEachPair(rope.getTable().getType().getDimSize(1), head, row, [&](const Pair &pair) {
    auto [low, high] = evaluate(rope.getResult(), pair);
    Operation *yield = func.getBody().front().getTerminator();
    for (auto [vector, column] : {std::pair(low, pair.low), std::pair(high, pair.high)}) {
      TileValues values(b, row, column, pair.count);
      values.set(rope.getResult(), vector);
      for (OpOperand &operand : yield->getOpOperands())
        if (TileValues::dependsOn(operand.get(), rope.getResult()))
          values.store(operand.getOperandNumber());
    }
  });
}

void CacheKernel::atPlace(model::CacheAppendOp append, Value row, llvm::function_ref<void(Value, Value)> body) {
  Value slot = b.loadIndex(b.at(b.pointer(append.getSlots()), b.mul(row, 4)));
  b.ifThen(b.lessThan(b.i64(-1), slot), [&] {
    Value position = b.loadIndex(b.at(b.pointer(append.getPositions()), b.mul(row, 4)));
    int64_t pageTokens = append.getCache().getType().getPageTokens();
    int64_t pagesPerSlot = append.getBlockTable().getType().getDimSize(1);
    Value entry = b.add(b.mul(slot, pagesPerSlot), b.div(position, pageTokens));
    Value page = b.loadIndex(b.at(b.pointer(append.getBlockTable()), b.mul(entry, 4)));
    body(page, b.rem(position, pageTokens));
  });
}

CacheKernel::Scale CacheKernel::scaleOf(Value source, int64_t headDim, Value head, Value row) {
  if (!most)
    most = b.scratch(KernelBuilder::lanes * 4);
  b.store(b.splat(0), most, 64);
  forEachPair(headDim, head, row, [&](const Pair &pair) {
    auto [low, high] = evaluate(source, pair);
    for (Value vector : {low, high}) {
      Value magnitude = b.maxF(vector, b.subF(b.splat(0), vector));
      if (pair.count < KernelBuilder::lanes) {
        SmallVector<bool> lanes(KernelBuilder::lanes);
        std::fill_n(lanes.begin(), pair.count, true);
        Value counts = arith::ConstantOp::create(b, b.getBoolVectorAttr(lanes));
        magnitude = b.select(counts, magnitude, b.splat(0));
      }
      b.store(b.maxF(magnitude, b.load(b.f32Vector(), most, 64)), most, 64);
    }
  });
  Value largest = b.horizontalMax(b.load(b.f32Vector(), most, 64)), scale = b.divF(largest, b.f32(127));
  Value vanishes = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, largest, b.f32(0x1p-100));
  // Elements of a vanishing head divided by infinity are zero.
  return {b.select(vanishes, b.f32(0), scale),
          b.select(vanishes, b.f32(std::numeric_limits<float>::infinity()), scale)};
}

Value CacheKernel::encode(Value vector, const model::CacheLayout &layout, Type element, const Scale &scale) {
  if (!layout.scaled)
    return b.fromF32(vector, element);
  // The nearest integer, ties to even, stands in the low bits.
  Value shifted = b.addF(b.divF(vector, b.broadcast(scale.divisor)), b.splat(0x1.8p23));
  Value bits = arith::BitcastOp::create(b, b.vectorType(b.getI32Type()), shifted);
  return arith::TruncIOp::create(b, b.vectorType(element), bits);
}

void CacheKernel::writeKey(model::CacheAppendOp append, Value head, Value row) {
  const model::CacheLayout layout(append.getCache().getType());
  Type element = append.getCache().getType().getElementType();
  atPlace(append, row, [&](Value page, Value token) {
    Value base = b.at(b.cachePointers(append.getCache()).keys,
                      b.add(b.mul(head, layout.headBytes()), b.mul(page, layout.pageBytes())));
    Value column = b.at(base, b.mul(token, layout.columnBytes()));
    Scale scale;
    if (layout.scaled) {
      scale = scaleOf(append.getK(), layout.headDim, head, row);
      b.store(scale.scale, b.at(base, b.add(b.mul(token, 4), layout.scaleOffset(0))));
    }
    // Dimensions [first, first + count) of the head, `first` = base + offset.
    auto write = [&](Value vector, int64_t base, Value offset, int64_t count) {
      Value stored = encode(vector, layout, element, scale);
      bool whole = layout.interleaved() == 2 && base % 2 == 0 && count % 2 == 0; // offsets are multiples of 16
      int64_t each = whole ? 2 : 1;
      if (whole)
        stored = vector::BitCastOp::create(b, b.vectorType(b.getI32Type(), KernelBuilder::lanes / 2), stored);
      for (int64_t lane = 0; lane < count / each; ++lane) {
        Value at = b.add(b.mul(offset, layout.keyLineBytes() / layout.interleaved()),
                         b.i64(layout.keyOffset(0, base + lane * each)));
        b.store(vector::ExtractOp::create(b, stored, ArrayRef<int64_t>{lane}), b.at(column, at),
                layout.columnBytes() / layout.interleaved() * each);
      }
    };
    forEachPair(layout.headDim, head, row, [&](const Pair &pair) {
      auto [low, high] = evaluate(append.getK(), pair);
      write(low, 0, pair.offset, pair.count);
      write(high, layout.headDim / 2, pair.offset, pair.count);
    });
  });
}

void CacheKernel::writeValue(model::CacheAppendOp append, Value head, Value row) {
  const model::CacheLayout layout(append.getCache().getType());
  Type element = append.getCache().getType().getElementType();
  atPlace(append, row, [&](Value page, Value token) {
    Value base = b.at(b.cachePointers(append.getCache()).values,
                      b.add(b.mul(head, layout.headBytes()), b.mul(page, layout.pageBytes())));
    Value line = b.mul(b.div(token, layout.interleaved()), layout.valueLineBytes());
    Value within = b.mul(b.rem(token, layout.interleaved()), layout.elementBytes);
    Value lineAt = b.at(base, b.add(line, within));
    Scale scale;
    if (layout.scaled) {
      scale = scaleOf(append.getV(), layout.headDim, head, row);
      b.store(scale.scale, b.at(base, b.add(b.mul(token, 4), layout.scaleOffset(0))));
    }
    auto write = [&](Value vector, Value dim, int64_t count) {
      Value stored = encode(vector, layout, element, scale), at = b.at(lineAt, b.mul(dim, layout.columnBytes()));
      if (layout.interleaved() == 1 && count == KernelBuilder::lanes)
        return b.store(stored, at);
      if (layout.interleaved() == 1 && !layout.scaled)
        return b.storeLanes(stored, at, b.i64(count));
      // Another worker may write the other token of the pair: only this one's halves are touched.
      for (int64_t lane = 0; lane < count; ++lane)
        b.store(vector::ExtractOp::create(b, stored, ArrayRef<int64_t>{lane}), b.at(at, lane * layout.columnBytes()));
    };
    forEachPair(layout.headDim, head, row, [&](const Pair &pair) {
      auto [low, high] = evaluate(append.getV(), pair);
      write(low, pair.offset, pair.count);
      write(high, b.add(pair.offset, layout.headDim / 2), pair.count);
    });
  });
}

LogicalResult CacheKernel::check() {
  SmallVector<Value> known;
  auto isRow = [](Value value) {
    auto rope = value.getDefiningOp<model::RopeOp>();
    return TileValues::canEvaluate(rope ? Value(rope.getX()) : value, {});
  };
  auto areOperands = [](ValueRange values) {
    return llvm::all_of(values, [](Value value) { return isa<BlockArgument>(value); });
  };
  for (Operation &op : func.getBody().front().without_terminator()) {
    bool fits = isa<VectorElementwise>(op);
    if (auto rope = dyn_cast<model::RopeOp>(op)) {
      fits = isRow(rope.getResult()) && areOperands({rope.getPositions(), rope.getTable()});
      known.push_back(rope.getResult());
    } else if (auto append = dyn_cast<model::CacheAppendOp>(op)) {
      fits = isRow(append.getK()) && isRow(append.getV()) && append.getCache().getType().getHeadDim() % 2 == 0 &&
             areOperands({append.getCache(), append.getPositions(), append.getSlots(), append.getBlockTable()});
    }
    if (!fits)
      return op.emitOpError()
             << "cannot be part of a cache kernel here, expected rope of operands or of elementwise ops, cache_append "
                "of such rows with an even head_dim, elementwise ops";
  }
  for (Value value : func.getBody().front().getTerminator()->getOperands())
    if (llvm::count_if(known, [&](Value rope) { return TileValues::dependsOn(value, rope); }) != 1 ||
        !TileValues::canEvaluate(value, known))
      return func.emitOpError() << "yields a value that does not come from exactly one model.rope";
  return success();
}

void CacheKernel::emit() {
  SmallVector<Job> jobs;
  int64_t rows = 0;
  ValueRange yielded = func.getBody().front().getTerminator()->getOperands();
  for (Operation &op : func.getBody().front()) {
    if (auto rope = dyn_cast<model::RopeOp>(op)) {
      rows = rope.getType().getDimSize(0);
      if (llvm::any_of(yielded, [&](Value value) { return TileValues::dependsOn(value, rope.getResult()); }))
        jobs.push_back({static_cast<int64_t>(rope.getHeads()),
                        [=, this](Value head, Value row) { storeRotated(rope, head, row); }});
    } else if (auto append = dyn_cast<model::CacheAppendOp>(op)) {
      int64_t heads = append.getCache().getType().getKvHeads();
      rows = append.getK().getType().getDimSize(0);
      jobs.push_back({heads, [=, this](Value head, Value row) { writeKey(append, head, row); }});
      jobs.push_back({heads, [=, this](Value head, Value row) { writeValue(append, head, row); }});
    }
  }
  int64_t total = 0;
  for (const Job &job : jobs)
    total += job.heads * rows;
  auto [begin, end] = b.share(total);
  int64_t first = 0;
  for (const Job &job : jobs) {
    int64_t items = job.heads * rows;
    auto within = [&](Value index) { return b.min(b.max(b.sub(index, b.i64(first)), b.i64(0)), b.i64(items)); };
    b.loop(within(begin), within(end), 1, [&](Value index) { job.body(b.div(index, rows), b.rem(index, rows)); });
    first += items;
  }
}

LogicalResult cpu::emitCacheAppend(KernelBuilder &b, kernel::FuncOp func) {
  CacheKernel kernel(b, func);
  if (failed(kernel.check()))
    return failure();
  kernel.emit();
  return success();
}
