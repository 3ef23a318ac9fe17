// The vector multiplier of linear kernels: rows x columns sums in registers, each step takes in one line of every panel
// (Dot.h) and the matching inputs of every row.
#include "codegen/cpu/LinearEmitter.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

// One step for `rows` rows: sums[row][column] += input[row] * line[column], part by part for each sum. The order of the
// loops decides what is held in registers beside the sums; the cheaper one is taken.
//   by column   the inputs of all rows, one line and one part of it
//   by row      all lines and one part of each, one input
void LinearEmitter::takeStep(ArrayRef<Value> lines, Value rowInput, int64_t rows, int64_t valid, Values &sums) {
  int64_t columns = static_cast<int64_t>(lines.size()), parts = dot->parts(valid);
  auto inputOf = [&](int64_t row, int64_t part) {
    return dot->inputs(b, b.at(rowInput, row * rowStride), part, valid);
  };
  auto take = [&](int64_t row, int64_t column, Value inputs, Value weights) {
    Value &sum = sums[row * columns + column];
    sum = dot->accumulate(b, sum, inputs, weights, /*weightsLast=*/rows == 1);
  };
  // In registers of 16 lanes; one input takes a single register of the target.
  int64_t byColumn = llvm::divideCeil(rows * parts * b.target().number("vector_bits"), 32 * lanes) + 2;
  int64_t byRow = parts * columns + 1;
  if (byColumn < byRow) {
    Values inputs;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t part = 0; part < parts; ++part)
        inputs.push_back(inputOf(row, part));
    for (auto [column, pointer] : llvm::enumerate(lines)) {
      Value line = dot->loadLine(b, pointer);
      for (int64_t part = 0; part < parts; ++part) {
        Value weights = dot->weights(b, line, part);
        for (int64_t row = 0; row < rows; ++row)
          take(row, column, inputs[row * parts + part], weights);
      }
    }
    return;
  }
  Values loaded;
  for (Value pointer : lines)
    loaded.push_back(dot->loadLine(b, pointer));
  for (int64_t part = 0; part < parts; ++part) {
    Values weights;
    for (Value line : loaded)
      weights.push_back(dot->weights(b, line, part));
    for (int64_t row = 0; row < rows; ++row) {
      Value inputs = inputOf(row, part);
      for (int64_t column = 0; column < columns; ++column)
        take(row, column, inputs, weights[column]);
    }
  }
}

int64_t LinearEmitter::stepsPerRound(int64_t rows, int64_t columns) const {
  if (codes && !packedView.isWhole())
    return 1;
  int64_t steps = 64 / (rows * columns * (codes ? 1 : dot->parts(dot->inputsPerStep())));
  return steps >= 4 ? 4 : steps >= 2 ? 2 : 1;
}

LinearEmitter::Values LinearEmitter::multiply(ArrayRef<Value> panels, Value row, int64_t rows, Value fromStep,
                                              int64_t stepCount, const Ahead &ahead, Values sums) {
  if (codes)
    return multiplyCodes(packedView, panels, row, rows, fromStep, stepCount, ahead, std::move(sums));
  int64_t stepBytes = dot->inputsPerStep() * dot->inputBytes();
  int64_t unroll = stepsPerRound(rows, static_cast<int64_t>(panels.size()));
  Value rowInput = b.at(b.at(input, b.mul(row, rowStride)), b.mul(fromStep, stepBytes));
  Values starts;
  for (Value panel : panels) // a staged pass begins at the start of its scratch
    starts.push_back(dequantizes ? panel : b.at(panel, b.mul(fromStep, dot->lineBytes())));

  auto takeSteps = [&](Value step, int64_t count, Values running) {
    for (int64_t i = 0; i < count; ++i) {
      Values lines;
      for (Value start : starts)
        lines.push_back(b.at(b.at(start, b.mul(step, dot->lineBytes())), i * dot->lineBytes()));
      takeStep(lines, b.at(b.at(rowInput, b.mul(step, stepBytes)), i * stepBytes), rows, dot->inputsPerStep(), running);
    }
    return running;
  };
  int64_t unrolled = stepCount / unroll * unroll;
  sums = b.loop(b.i64(0), b.i64(unrolled), unroll, sums, [&](Value step, ValueRange carried) {
    fetch(ahead, b.div(step, unroll));
    return takeSteps(step, unroll, llvm::to_vector(carried));
  });
  return takeSteps(b.i64(unrolled), stepCount - unrolled, sums);
}

LinearEmitter::Values LinearEmitter::multiplyTail(ArrayRef<Value> panels, Value row, int64_t rows, Values sums) {
  if (codes) {
    if (int64_t left = packedView.inputsAfterUnits(plan.depth)) {
      Values units;
      for (Value panel : panels)
        units.push_back(b.at(panel, packedView.start + steps * stepBytes));
      takeUnit({packedView, units, row, b.i64(steps), rows, left, {}}, sums);
    }
    return sums;
  }
  int64_t left = plan.depth - steps * dot->inputsPerStep();
  if (left == 0)
    return sums;
  Values lines;
  for (Value panel : panels)
    lines.push_back(b.at(panel, steps * dot->lineBytes()));
  Value rowInput = b.at(b.at(input, b.mul(row, rowStride)), steps * dot->inputsPerStep() * dot->inputBytes());
  takeStep(lines, rowInput, rows, left, sums);
  return sums;
}

LinearEmitter::Values LinearEmitter::loadSums(const Sums &sums, Value row, int64_t rows, int64_t from, int64_t count) {
  Values values;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = from; c < from + count; ++c)
      values.push_back(
          b.load(zeroSum().getType(), b.at(b.at(sums.base, b.mul(b.add(row, r), sums.rowBytes())), c * sumBytes), 64));
  return values;
}

void LinearEmitter::storeSums(const Sums &sums, Value row, int64_t rows, int64_t from, int64_t count,
                              ArrayRef<Value> values) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < count; ++c)
      b.store(values[r * count + c],
              b.at(b.at(sums.base, b.mul(b.add(row, r), sums.rowBytes())), (from + c) * sumBytes), 64);
}

void LinearEmitter::multiplyBlock(const Block &block, const Ahead &ahead) {
  int64_t count = static_cast<int64_t>(block.panels.size());
  Values sums = loadSums(block.sums, block.row, block.rows, block.from, count);
  sums = usesStage() && codes
             ? multiplyCodes(stagedView, block.panels, block.row, block.rows, block.step, block.steps, ahead, sums)
             : multiply(block.panels, block.row, block.rows, block.step, block.steps, ahead, sums);
  storeSums(block.sums, block.row, block.rows, block.from, count, sums);
}
