// Linear kernels: y_i[n, o] = epilogue_i(sum_k x[n, k] * W_i[o, k]) for one or more weights over one input.
//   x    [rows][depth]  an operand, or rows that the kernel prepares for itself (norm, cast, quantize_rows) in scratch
//   W_i  packed [N/16][depth/k][16][k], or codes and scales (qt::PanelLayout): a panel is 16 outputs over the whole
//        depth, contiguous
//
// Loops: panels over workers (all linears' panels numbered through, so that shares are even) > `panels` side by side >
// blocks of `rows` > depth, with rows x panels sums in registers.
//   Few rows: one block of rows; every weight is read once, from `panels` streams, each prefetched ahead.
//   Many rows: each tile of panels is passed once per block of rows; all passes together prefetch the next tile. With
//   `depth` > 0 the depth is cut so that the panels' part stays in L1 while all rows pass, and sums wait in scratch in
//   between; 4-bit codes are unpacked for each such part once. The order of additions per output is the same in all.
#include "codegen/common/QuantizeRow.h"
#include "codegen/cpu/Emitters.h"
#include "codegen/cpu/LinearEmitter.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

LinearEmitter::LinearEmitter(KernelBuilder &b, const LinearPlan &plan, const Dot &dot, kernel::TilingAttr tiling)
    : b(b), plan(plan), dot(&dot), tiling(tiling), stepInputs(dot.inputsPerStep()), stepBytes(dot.lineBytes()),
      steps(plan.depth / stepInputs), panelBytes(llvm::divideCeil(plan.depth, stepInputs) * stepBytes) {
  dequantizes = isa<qt::QuantizedType>(plan.weightType);
  if (dequantizes)
    panelBytes = qt::PanelLayout(plan.storage(), plan.depth).panelBytes();
}

LinearEmitter::LinearEmitter(KernelBuilder &b, const LinearPlan &plan, const CodeDot &codes, kernel::TilingAttr tiling)
    : b(b), plan(plan), codes(&codes), packedView(CodeView::packed(plan.storage(), rowLayoutOf(plan.x))),
      stagedView(packedView.bits == 4 ? packedView.staged() : packedView), tiling(tiling),
      stepInputs(packedView.unitInputs), stepBytes(packedView.unitBytes), steps(packedView.unitsIn(plan.depth)),
      panelBytes(qt::PanelLayout(plan.storage(), plan.depth).panelBytes()) {}

void LinearEmitter::prepareInput() {
  int64_t padded = llvm::alignTo(plan.depth, lanes);
  rowStride = codes ? rowLayoutOf(plan.x).bytes() : plan.depth * dot->inputBytes();
  if (RowPrep::isOperand(plan.x)) {
    input = b.pointer(plan.x);
    return;
  }
  // Every worker prepares all rows for itself: cheaper than a launch for the few rows that get here.
  if (!codes)
    rowStride = llvm::alignTo(padded * dot->inputBytes(), 64);
  input = b.scratch(plan.rows * rowStride);
  b.loop(0, plan.rows, 1, [&](Value row) {
    Value destination = b.at(input, b.mul(row, rowStride));
    codes ? quantizeRow(b, plan.x, row, destination) : RowPrep(b, plan.x, row).writeTo(destination, padded);
  });
}

Value LinearEmitter::zeroSum() {
  return b.zeros(b.vectorType(codes && packedView.isWhole() ? Type(b.getI32Type()) : Type(b.getF32Type())));
}

// Panels of the widest tile of a group: as the tiling says, fewer where the sums of very many rows would not fit in
// scratch.
int64_t LinearEmitter::widestTile(const LinearGroup &group) {
  int64_t linears = static_cast<int64_t>(group.linears.size());
  int64_t columns = std::min(tiling.getPanels(), maxSumBytes / (plan.rows * sumBytes));
  return std::min(std::max<int64_t>(1, columns / linears), std::max<int64_t>(group.wholePanels(), 1));
}

int64_t LinearEmitter::stagedBytes(int64_t columns, int64_t stepCount) {
  if (dequantizes)
    return columns * llvm::alignTo(stepCount, dequantizedTogether()) * sumBytes;
  return columns * stepCount * stagedView.unitBytes;
}

// Steps of a block of depth: as the tiling says, fewer where their staged form would not fit in scratch.
int64_t LinearEmitter::stepsPerBlock(int64_t columns) {
  int64_t count = tiling.getDepth() > 0 ? tiling.getDepth() / stepInputs : steps;
  int64_t together = dequantizes ? dequantizedTogether() : 1;
  if (usesStage())
    count = std::min(count, maxStageBytes / stagedBytes(columns, together) * together);
  return std::max(together, count / together * together);
}

void LinearEmitter::emit() {
  prepareInput();
  int64_t columns = 0;
  for (const LinearGroup &group : plan.groups)
    columns = std::max(columns, widestTile(group) * static_cast<int64_t>(group.linears.size()));
  if (tiling.getDepth() > 0 || usesTiles() || usesStage() || columns > tiling.getPanels())
    sumScratch = b.scratch(plan.rows * columns * sumBytes);
  if (usesStage()) {
    int64_t atOnce = std::min(columns, tiling.getPanels());
    stageScratch = b.scratch(stagedBytes(atOnce, stepsPerBlock(atOnce)));
  }
  if (usesTiles()) {
    usualTiles = {std::min(tiling.getRows(), plan.rows), std::min(columns, tiling.getPanels())};
    configureTiles(usualTiles.first, usualTiles.second);
    if (codes)
      tileScratch = b.scratch(usualTiles.first * usualTiles.second * sumBytes);
  }
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
  if (usesTiles())
    releaseTiles();
}

// As many panels side by side as the tiling says, then fewer for the rest of the share. Each goes through a part of the
// share of its own from one tile to the next, so that memory sees that many long streams.
void LinearEmitter::emitGroup(const LinearGroup &group, Value begin, Value end) {
  Value wholeEnd = b.max(b.min(end, b.i64(group.wholePanels())), begin);
  for (int64_t count = widestTile(group);; count = (count + 1) / 2) {
    Value tiles = b.div(b.sub(wholeEnd, begin), count);
    b.loop(b.i64(0), tiles, 1, [&](Value tile) { emitTile({group, b.add(begin, tile), tiles, count}); });
    begin = b.add(begin, b.mul(tiles, count));
    if (count == 1)
      break;
  }
  if (group.raggedLanes())
    b.ifThen(b.lessThan(b.i64(group.wholePanels()), end),
             [&] { emitTile({group, b.i64(group.wholePanels()), b.i64(1), 1, group.raggedLanes()}); });
}

void LinearEmitter::forRowBlocks(Value first, int64_t rows, int64_t block,
                                 llvm::function_ref<void(Value, int64_t)> body) {
  int64_t whole = rows / block * block;
  if (whole == block)
    body(first, block);
  else
    b.loop(0, whole, block, [&](Value row) { body(b.add(first, row), block); });
  if (whole < rows)
    body(b.add(first, whole), rows - whole);
}

void LinearEmitter::emitTile(const Tile &tile) {
  int64_t blockRows = std::min(tiling.getRows(), plan.rows);
  bool cut = tiling.getDepth() > 0 && tiling.getDepth() < plan.depth && plan.rows > tiling.getRows();
  // More linears than panels in registers: one after the other.
  int64_t atOnce = std::max<int64_t>(1, std::min(tile.columns(), tiling.getPanels()));
  if (cut || usesTiles() || usesStage() || atOnce < tile.columns())
    return emitTileThroughScratch(tile, atOnce);

  Values panels = panelPointers(tile), next = panels;
  for (Value &pointer : next)
    pointer = b.at(pointer, panelBytes);
  forRowBlocks(b.i64(0), plan.rows, blockRows, [&](Value row, int64_t rows) {
    Values sums(rows * tile.columns(), zeroSum());
    int64_t unroll = stepsPerRound(rows, tile.columns());
    Ahead ahead = plan.rows == rows ? aheadInPass(panels, b.i64(0), unroll) : aheadOfTile(next, row, steps, unroll);
    sums = multiply(panels, row, rows, b.i64(0), steps, ahead, sums);
    finish(tile, row, rows, multiplyTail(panels, row, rows, sums));
  });
}

// `atOnce` columns are multiplied together, blocks of depth at a time; what they add up to waits in scratch.
void LinearEmitter::emitTileThroughScratch(const Tile &tile, int64_t atOnce) {
  Sums sums{sumScratch, tile.columns()};
  b.loop(0, plan.rows * tile.columns(), 1,
         [&](Value i) { b.store(zeroSum(), b.at(sums.base, b.mul(i, sumBytes)), 64); });

  Values all = panelPointers(tile);
  int64_t blockRows = std::min(tiling.getRows(), plan.rows);
  int64_t blockSteps = stepsPerBlock(atOnce);
  int64_t whole = steps / blockSteps * blockSteps;
  for (int64_t from = 0; from < tile.columns(); from += atOnce) {
    ArrayRef<Value> panels = ArrayRef(all).slice(from, std::min(atOnce, tile.columns() - from));
    auto passRows = [&](Value step, int64_t stepCount) {
      // Next comes the next block of depth or, from the last one, the next tile.
      Value nextStep = b.add(step, stepCount);
      Value isLast = b.lessThan(b.i64(steps - 1), nextStep);
      Value skip = b.select(isLast, b.i64(panelBytes), b.mul(nextStep, stepBytes));
      Values next;
      for (Value pointer : panels)
        next.push_back(b.at(pointer, skip));
      Values weights = dequantizes   ? dequantize(panels, step, stepCount)
                       : usesStage() ? stage(panels, step, stepCount)
                                     : llvm::to_vector(panels);
      forRowBlocks(b.i64(0), plan.rows, blockRows, [&](Value row, int64_t rows) {
        int64_t perRound = usesTiles() ? (codes && !packedView.isWhole() ? 1 : tileSteps)
                                       : stepsPerRound(rows, static_cast<int64_t>(panels.size()));
        Ahead ahead;
        if (!dequantizes) // which fetches for itself
          ahead = plan.rows == rows ? aheadInPass(panels, step, perRound) : aheadOfTile(next, row, stepCount, perRound);
        Block block{weights, from, row, rows, step, stepCount, sums};
        usesTiles() ? multiplyBlockInTiles(block, ahead) : multiplyBlock(block, ahead);
      });
    };
    b.loop(0, whole, blockSteps, [&](Value step) { passRows(step, blockSteps); });
    if (whole < steps)
      passRows(b.i64(whole), steps - whole);
  }
  b.loop(0, plan.rows, 1, [&](Value row) {
    finish(tile, row, 1, multiplyTail(all, row, 1, loadSums(sums, row, 1, 0, tile.columns())));
  });
}

LinearEmitter::Values LinearEmitter::panelPointers(const Tile &tile) {
  Values pointers;
  for (int64_t panel = 0; panel < tile.count; ++panel)
    for (size_t i = 0; i < tile.group.linears.size(); ++i) {
      model::LinearOp linear = tile.group.linears[i];
      pointers.push_back(b.at(b.pointer(linear.getWeight()), b.mul(tile.panel(b, panel), panelBytes)));
    }
  return pointers;
}

// The same panels, some bytes on.
LinearEmitter::Ahead LinearEmitter::aheadInPass(ArrayRef<Value> panels, Value fromStep, int64_t stepsPerRound) {
  Ahead ahead;
  if (tiling.getPrefetch() == 0)
    return ahead;
  ahead.stride = stepsPerRound * stepBytes;
  ahead.lines = ahead.stride / 64;
  ahead.mirrored = codes;
  for (Value panel : panels)
    ahead.from.push_back(b.at(b.at(panel, b.mul(fromStep, stepBytes)), tiling.getPrefetch()));
  return ahead;
}

// `next`, `stepCount` steps of each panel, spread evenly over the passes of all blocks of rows.
LinearEmitter::Ahead LinearEmitter::aheadOfTile(ArrayRef<Value> next, Value row, int64_t stepCount,
                                                int64_t stepsPerRound) {
  Ahead ahead;
  if (tiling.getPrefetch() == 0)
    return ahead;
  int64_t passes = llvm::divideCeil(plan.rows, tiling.getRows());
  ahead.stride = std::max<int64_t>(1, stepsPerRound * stepBytes / passes);
  ahead.lines = llvm::divideCeil(ahead.stride, 64);
  Value done = b.mul(b.div(row, tiling.getRows()), ahead.stride * (stepCount / stepsPerRound));
  for (Value panel : next)
    ahead.from.push_back(b.at(panel, done));
  return ahead;
}

void LinearEmitter::fetch(const Ahead &ahead, Value round) {
  if (ahead.mirrored)
    return;
  for (Value from : ahead.from)
    for (int64_t line = 0; line < ahead.lines; ++line)
      b.prefetch(b.at(b.at(from, b.mul(round, ahead.stride)), line * 64));
}

// Bias, epilogue and stores of rows x panels sums.
void LinearEmitter::finish(const Tile &tile, Value row, int64_t rows, ArrayRef<Value> sums) {
  Operation *yield = b.source().getBody().front().getTerminator();
  Value count = tile.ragged ? b.i64(tile.ragged) : Value();
  for (int64_t panel = 0; panel < tile.count; ++panel) {
    Value index = tile.panel(b, panel), column = b.mul(index, lanes);
    for (int64_t r = 0; r < rows; ++r) {
      Value rowIndex = b.add(row, r);
      LaneValues known;
      for (size_t i = 0; i < tile.group.linears.size(); ++i) {
        model::LinearOp linear = tile.group.linears[i];
        Value sum = sums[r * tile.columns() + panel * tile.linears() + i];
        if (codes)
          sum = toFloats(sum, b.at(b.pointer(linear.getWeight()), b.mul(index, panelBytes)), rowIndex);
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

static bool fitsTiles(kernel::TilingAttr tiling) {
  int64_t rowTiles = llvm::divideCeil(tiling.getRows(), 16);
  return rowTiles * tiling.getPanels() + rowTiles + tiling.getPanels() <= 8;
}

LogicalResult tenon::codegen::cpu::emitLinear(KernelBuilder &b, kernel::FuncOp func) {
  FailureOr<LinearPlan> plan = LinearPlan::of(func);
  if (failed(plan))
    return failure();
  kernel::TilingAttr tiling = *func.getTiling();
  if (tiling.getDot() == "amx" && !fitsTiles(tiling))
    return func.emitOpError() << "has a tiling of " << tiling.getRows() << " rows x " << tiling.getPanels()
                              << " panels, which do not fit in 8 AMX tiles with their inputs and weights";
  auto x = cast<RankedTensorType>(plan->x.getType());
  if (isQuantizedRows(plan->x)) {
    if (failed(plan->verifyCodes(func)))
      return failure();
    FailureOr<CodeDot> codes = CodeDot::choose(func, tiling.getDot(), plan->storage().bits);
    if (failed(codes))
      return failure();
    LinearEmitter(b, *plan, *codes, tiling).emit();
    return success();
  }
  Type weights = plan->weightType;
  kernel::PackedAttr layout = plan->layout;
  if (isa<qt::QuantizedType>(weights)) { // multiplied as they are dequantized
    if (failed(plan->verifyLayout(func)))
      return failure();
    weights = b.getF32Type();
    layout = kernel::PackedAttr::get(b.getContext(), qt::kPanelOutputs, 1);
  }
  FailureOr<Dot> dot = Dot::choose(func, tiling.getDot(), weights, layout, x.getElementType());
  if (failed(dot))
    return failure();
  LinearEmitter(b, *plan, *dot, tiling).emit();
  return success();
}
