// Linear kernels: y_i[n, o] = epilogue_i(sum_k x[n, k] * W_i[o, k]) for one or more weights over one input.
//   x    [rows][depth]  an operand, or rows that the kernel prepares for itself (norm, cast) in scratch
//   W_i  packed [N/16][depth/k][16][k]: a panel is 16 outputs over the whole depth, contiguous
//
// Loops: panels over workers (all linears' panels numbered through, so that shares are even) > `panels` side by side >
// blocks of `rows` > depth, with rows x panels sums in registers.
//   Few rows: one block of rows; every weight is read once, from `panels` streams, each prefetched ahead.
//   Many rows: each tile of panels is passed once per block of rows; all passes together prefetch the next tile. With
//   `depth` > 0 the depth is cut so that the panels' part stays in L1 while all rows pass, and sums wait in scratch in
//   between. The order of additions per output is the same in all.
#include "codegen/common/RowPrep.h"
#include "codegen/cpu/Dot.h"
#include "codegen/cpu/Emitters.h"
#include "codegen/cpu/LinearPlan.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

namespace {
constexpr int64_t lanes = KernelBuilder::lanes;
constexpr int64_t sumBytes = lanes * 4; // one 16-lane sum in scratch

class LinearEmitter {
public:
  LinearEmitter(KernelBuilder &b, const LinearPlan &plan, const Dot &dot, kernel::TilingAttr tiling)
      : b(b), plan(plan), dot(dot), tiling(tiling), steps(plan.depth / dot.inputsPerStep()),
        panelBytes(llvm::divideCeil(plan.depth, dot.inputsPerStep()) * dot.lineBytes()) {}

  void emit();

private:
  // `count` panels of every linear of a group from panel `first`; `ragged`: outputs in the last panel, 0 for all 16.
  // Its columns are (panel, linear) pairs, by panel, then linear.
  struct Tile {
    const LinearGroup &group;
    Value first;
    int64_t count;
    int64_t ragged = 0;
    int64_t linears() const { return static_cast<int64_t>(group.linears.size()); }
    int64_t columns() const { return count * linears(); }
  };
  // What one pass over weights fetches meanwhile: for each panel, `lines` cache lines from `from`, which moves on by
  // `stride` bytes with each round of the loop.
  struct Ahead {
    SmallVector<Value> from;
    int64_t lines = 0, stride = 0;
  };
  static constexpr int64_t unroll = 4; // steps in one round of the loop over depth

  void prepareInput();
  void emitGroup(const LinearGroup &group, Value begin, Value end);
  void emitTile(const Tile &tile);
  void emitTileThroughScratch(const Tile &tile, int64_t columnsAtOnce);
  void forRowBlocks(llvm::function_ref<void(Value row, int64_t count)> body);
  SmallVector<Value> panelPointers(const Tile &tile);
  Ahead aheadInPass(ArrayRef<Value> panels, Value fromStep);
  Ahead aheadOfTile(ArrayRef<Value> next, Value row, int64_t stepCount);
  SmallVector<Value> multiply(ArrayRef<Value> panels, Value row, int64_t rows, Value fromStep, int64_t stepCount,
                              const Ahead &ahead, SmallVector<Value> sums);
  SmallVector<Value> multiplyTail(ArrayRef<Value> panels, Value row, int64_t rows, SmallVector<Value> sums);
  void takeStep(ArrayRef<Value> lines, Value input, int64_t rows, int64_t valid, SmallVectorImpl<Value> &sums);
  void finish(const Tile &tile, Value row, int64_t rows, ArrayRef<Value> sums);

  KernelBuilder &b;
  const LinearPlan &plan;
  const Dot &dot;
  kernel::TilingAttr tiling;
  int64_t steps, panelBytes; // whole steps over the depth; bytes of one panel
  Value input;               // row-major rows, rowStride bytes apart
  int64_t rowStride = 0;
};
} // namespace

void LinearEmitter::prepareInput() {
  if (RowPrep::isOperand(plan.x)) {
    input = b.pointer(plan.x);
    rowStride = plan.depth * dot.inputBytes();
    return;
  }
  // Every worker prepares all rows for itself: cheaper than a launch for the few rows that get here.
  int64_t padded = llvm::alignTo(plan.depth, lanes);
  rowStride = llvm::alignTo(padded * dot.inputBytes(), 64);
  input = b.scratch(plan.rows * rowStride);
  b.loop(0, plan.rows, 1,
         [&](Value row) { RowPrep(b, plan.x, row).writeTo(b.at(input, b.mul(row, rowStride)), padded); });
}

void LinearEmitter::emit() {
  prepareInput();
  int64_t panels = 0;
  for (const LinearGroup &group : plan.groups)
    panels += group.panels();
  KernelBuilder::Range mine = b.share(panels);
  int64_t before = 0; // panels of earlier groups
  for (const LinearGroup &group : plan.groups) {
    auto inGroup = [&](Value panel) {
      return b.max(b.min(b.sub(panel, b.i64(before)), b.i64(group.panels())), b.i64(0));
    };
    emitGroup(group, inGroup(mine.begin), inGroup(mine.end));
    before += group.panels();
  }
}

// As many panels side by side as the tiling says, then fewer for the rest of the share.
void LinearEmitter::emitGroup(const LinearGroup &group, Value begin, Value end) {
  Value wholeEnd = b.min(end, b.i64(group.wholePanels()));
  int64_t widest = std::max<int64_t>(1, tiling.getPanels() / static_cast<int64_t>(group.linears.size()));
  for (int64_t count = std::min(widest, std::max<int64_t>(group.wholePanels(), 1)); count >= 1; count /= 2) {
    // begin + whole tiles of `count`
    Value tilesEnd = b.add(begin, b.mul(b.div(b.max(b.sub(wholeEnd, begin), b.i64(0)), count), count));
    b.loop(begin, tilesEnd, count, [&](Value panel) { emitTile({group, panel, count}); });
    begin = tilesEnd;
  }
  if (group.raggedLanes())
    b.ifThen(b.lessThan(b.i64(group.wholePanels()), end),
             [&] { emitTile({group, b.i64(group.wholePanels()), 1, group.raggedLanes()}); });
}

void LinearEmitter::forRowBlocks(llvm::function_ref<void(Value, int64_t)> body) {
  int64_t block = std::min(tiling.getRows(), plan.rows), whole = plan.rows / block * block;
  if (whole == block)
    body(b.i64(0), block);
  else
    b.loop(0, whole, block, [&](Value row) { body(row, block); });
  if (whole < plan.rows)
    body(b.i64(whole), plan.rows - whole);
}

void LinearEmitter::emitTile(const Tile &tile) {
  bool cut = tiling.getDepth() > 0 && tiling.getDepth() < plan.depth && plan.rows > tiling.getRows();
  // More linears than panels in registers: one after the other.
  int64_t atOnce = std::max<int64_t>(1, std::min(tile.columns(), tiling.getPanels()));
  if (cut || atOnce < tile.columns())
    return emitTileThroughScratch(tile, atOnce);

  SmallVector<Value> panels = panelPointers(tile), next = panels;
  for (Value &pointer : next)
    pointer = b.at(pointer, tile.count * panelBytes);
  forRowBlocks([&](Value row, int64_t rows) {
    SmallVector<Value> sums(rows * tile.columns(), b.splat(0));
    Ahead ahead = plan.rows == rows ? aheadInPass(panels, b.i64(0)) : aheadOfTile(next, row, steps);
    sums = multiply(panels, row, rows, b.i64(0), steps, ahead, sums);
    finish(tile, row, rows, multiplyTail(panels, row, rows, sums));
  });
}

// `atOnce` columns have their sums in registers, blocks of depth at a time; scratch is [rows][columns][16].
void LinearEmitter::emitTileThroughScratch(const Tile &tile, int64_t atOnce) {
  Value scratch = b.scratch(plan.rows * tile.columns() * sumBytes);
  auto sumAt = [&](Value row, int64_t column) {
    return b.at(b.at(scratch, b.mul(row, tile.columns() * sumBytes)), column * sumBytes);
  };
  auto forSums = [&](int64_t rows, int64_t from, int64_t count,
                     llvm::function_ref<void(int64_t row, int64_t column)> visit) {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = from; column < from + count; ++column)
        visit(row, column);
  };
  auto load = [&](Value row, int64_t rows, int64_t from, int64_t count) {
    SmallVector<Value> sums;
    forSums(rows, from, count,
            [&](int64_t r, int64_t c) { sums.push_back(b.load(b.f32Vector(), sumAt(b.add(row, r), c), 64)); });
    return sums;
  };
  auto store = [&](Value row, int64_t rows, int64_t from, int64_t count, ArrayRef<Value> sums) {
    size_t i = 0;
    forSums(rows, from, count, [&](int64_t r, int64_t c) { b.store(sums[i++], sumAt(b.add(row, r), c), 64); });
  };
  b.loop(0, plan.rows * tile.columns(), 1,
         [&](Value i) { b.store(b.splat(0), b.at(scratch, b.mul(i, sumBytes)), 64); });

  SmallVector<Value> all = panelPointers(tile);
  int64_t blockSteps = tiling.getDepth() > 0 ? std::max<int64_t>(1, tiling.getDepth() / dot.inputsPerStep())
                                             : std::max<int64_t>(1, steps);
  int64_t whole = steps / blockSteps * blockSteps;
  for (int64_t from = 0; from < tile.columns(); from += atOnce) {
    int64_t count = std::min(atOnce, tile.columns() - from);
    ArrayRef<Value> panels = ArrayRef(all).slice(from, count);
    auto passRows = [&](Value step, int64_t stepCount) {
      // Next comes the next block of depth or, from the last one, the next tile.
      Value nextStep = b.add(step, stepCount);
      Value isLast = b.lessThan(b.i64(steps - 1), nextStep);
      Value skip = b.select(isLast, b.i64(tile.count * panelBytes), b.mul(nextStep, dot.lineBytes()));
      SmallVector<Value> next;
      for (Value pointer : panels)
        next.push_back(b.at(pointer, skip));
      forRowBlocks([&](Value row, int64_t rows) {
        Ahead ahead = plan.rows == rows ? aheadInPass(panels, step) : aheadOfTile(next, row, stepCount);
        store(row, rows, from, count,
              multiply(panels, row, rows, step, stepCount, ahead, load(row, rows, from, count)));
      });
    };
    b.loop(0, whole, blockSteps, [&](Value step) { passRows(step, blockSteps); });
    if (whole < steps)
      passRows(b.i64(whole), steps - whole);
  }
  forRowBlocks([&](Value row, int64_t rows) {
    finish(tile, row, rows, multiplyTail(all, row, rows, load(row, rows, 0, tile.columns())));
  });
}

SmallVector<Value> LinearEmitter::panelPointers(const Tile &tile) {
  SmallVector<Value> pointers;
  for (int64_t panel = 0; panel < tile.count; ++panel)
    for (size_t i = 0; i < tile.group.linears.size(); ++i) {
      model::LinearOp linear = tile.group.linears[i];
      pointers.push_back(b.at(b.at(b.pointer(linear.getWeight()), b.mul(tile.first, panelBytes)), panel * panelBytes));
    }
  return pointers;
}

// The same panels, some bytes on.
LinearEmitter::Ahead LinearEmitter::aheadInPass(ArrayRef<Value> panels, Value fromStep) {
  Ahead ahead;
  if (tiling.getPrefetch() == 0)
    return ahead;
  ahead.stride = unroll * dot.lineBytes();
  ahead.lines = ahead.stride / 64;
  for (Value panel : panels)
    ahead.from.push_back(b.at(b.at(panel, b.mul(fromStep, dot.lineBytes())), tiling.getPrefetch()));
  return ahead;
}

// `next`, `stepCount` steps of each panel, spread evenly over the passes of all blocks of rows.
LinearEmitter::Ahead LinearEmitter::aheadOfTile(ArrayRef<Value> next, Value row, int64_t stepCount) {
  Ahead ahead;
  if (tiling.getPrefetch() == 0)
    return ahead;
  int64_t passes = llvm::divideCeil(plan.rows, tiling.getRows());
  ahead.stride = std::max<int64_t>(1, unroll * dot.lineBytes() / passes);
  ahead.lines = llvm::divideCeil(ahead.stride, 64);
  Value done = b.mul(b.div(row, tiling.getRows()), ahead.stride * (stepCount / unroll));
  for (Value panel : next)
    ahead.from.push_back(b.at(panel, done));
  return ahead;
}

// One step for `rows` rows: sums[row][panel] += input[row] * line[panel].
void LinearEmitter::takeStep(ArrayRef<Value> lines, Value rowInput, int64_t rows, int64_t valid,
                             SmallVectorImpl<Value> &sums) {
  SmallVector<Dot::Operand> weights;
  for (Value line : lines)
    weights.push_back(dot.weights(b, line));
  for (int64_t row = 0; row < rows; ++row) {
    Dot::Operand spread = dot.inputs(b, b.at(rowInput, row * rowStride), valid);
    for (auto [column, weight] : llvm::enumerate(weights)) {
      Value &sum = sums[row * lines.size() + column];
      sum = dot.accumulate(b, sum, spread, weight);
    }
  }
}

SmallVector<Value> LinearEmitter::multiply(ArrayRef<Value> panels, Value row, int64_t rows, Value fromStep,
                                           int64_t stepCount, const Ahead &ahead, SmallVector<Value> sums) {
  int64_t stepBytes = dot.inputsPerStep() * dot.inputBytes();
  Value rowInput = b.at(b.at(input, b.mul(row, rowStride)), b.mul(fromStep, stepBytes));
  SmallVector<Value> starts;
  for (Value panel : panels)
    starts.push_back(b.at(panel, b.mul(fromStep, dot.lineBytes())));

  auto takeSteps = [&](Value step, int64_t count, SmallVector<Value> running) {
    for (int64_t i = 0; i < count; ++i) {
      SmallVector<Value> lines;
      for (Value start : starts)
        lines.push_back(b.at(b.at(start, b.mul(step, dot.lineBytes())), i * dot.lineBytes()));
      takeStep(lines, b.at(b.at(rowInput, b.mul(step, stepBytes)), i * stepBytes), rows, dot.inputsPerStep(), running);
    }
    return running;
  };
  int64_t unrolled = stepCount / unroll * unroll;
  sums = b.loop(b.i64(0), b.i64(unrolled), unroll, sums, [&](Value step, ValueRange carried) {
    for (Value from : ahead.from)
      for (int64_t line = 0; line < ahead.lines; ++line)
        b.prefetch(b.at(b.at(from, b.mul(b.div(step, unroll), ahead.stride)), line * 64));
    return takeSteps(step, unroll, llvm::to_vector(carried));
  });
  return takeSteps(b.i64(unrolled), stepCount - unrolled, sums);
}

// The last step of a depth that is no multiple of the step.
SmallVector<Value> LinearEmitter::multiplyTail(ArrayRef<Value> panels, Value row, int64_t rows,
                                               SmallVector<Value> sums) {
  int64_t left = plan.depth - steps * dot.inputsPerStep();
  if (left == 0)
    return sums;
  SmallVector<Value> lines;
  for (Value panel : panels)
    lines.push_back(b.at(panel, steps * dot.lineBytes()));
  Value rowInput = b.at(b.at(input, b.mul(row, rowStride)), steps * dot.inputsPerStep() * dot.inputBytes());
  takeStep(lines, rowInput, rows, left, sums);
  return sums;
}

// Bias, epilogue and stores of rows x panels sums.
void LinearEmitter::finish(const Tile &tile, Value row, int64_t rows, ArrayRef<Value> sums) {
  Operation *yield = b.source().getBody().front().getTerminator();
  Value count = tile.ragged ? b.i64(tile.ragged) : Value();
  for (int64_t panel = 0; panel < tile.count; ++panel) {
    Value column = b.mul(b.add(tile.first, panel), lanes);
    for (int64_t r = 0; r < rows; ++r) {
      Value rowIndex = b.add(row, r);
      LaneValues known;
      for (size_t i = 0; i < tile.group.linears.size(); ++i) {
        model::LinearOp linear = tile.group.linears[i];
        Value sum = sums[r * tile.columns() + panel * tile.linears() + i];
        if (Value bias = linear.getBias())
          sum = b.addF(sum, loadOperand(b, bias, {}, column, count));
        known[linear.getResult()] = sum;
      }
      for (unsigned result : tile.group.results) {
        Value tensor = yield->getOperand(result);
        Value value = evaluateElementwise(b, tensor, known,
                                          [&](Value leaf) { return loadOperand(b, leaf, rowIndex, column, count); });
        storeLanesOf(b, value, cast<RankedTensorType>(tensor.getType()), b.resultPointer(result), rowIndex, column,
                     count);
      }
    }
  }
}

LogicalResult tenon::codegen::cpu::emitLinear(KernelBuilder &b, kernel::FuncOp func) {
  FailureOr<LinearPlan> plan = LinearPlan::of(func);
  if (failed(plan))
    return failure();
  kernel::TilingAttr tiling = *func.getTiling();
  Type input = cast<RankedTensorType>(plan->x.getType()).getElementType();
  FailureOr<Dot> dot = Dot::choose(func, tiling.getDot(), plan->weightType, plan->layout, input);
  if (failed(dot))
    return failure();
  LinearEmitter(b, *plan, *dot, tiling).emit();
  return success();
}
