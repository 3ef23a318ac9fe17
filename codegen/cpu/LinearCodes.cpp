// The integer multiplier of linear kernels: int32 sums of a segment (the inputs that share their scales) in registers,
// then scaled and added to f32 sums. Codes are unsigned, so a segment starts at -zero * (sum of its inputs), which the
// rows bring along: the zero point costs nothing in the loop.
//
//   sum[row][column] += scale[column] * (scale[row] *) float(sum over the segment of (code - zero) * input)
//
// A scale that is the same over the whole depth is applied at the end (toFloats). Without any other, integers are
// carried to the end, too.
#include "codegen/common/QuantizeRow.h"
#include "codegen/cpu/LinearEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static Value convertToF32(KernelBuilder &b, Value integers) {
  return arith::SIToFPOp::create(b, b.f32Vector(), integers);
}

// -zero * sum in every lane, for a sum at `pointer` and a zero that is a power of two.
static Value minusZeroTimes(KernelBuilder &b, int64_t zero, Value pointer) {
  VectorType type = b.vectorType(b.getI32Type());
  Value shift = arith::ConstantOp::create(b, DenseElementsAttr::get(type, static_cast<int32_t>(llvm::Log2_64(zero))));
  Value times = arith::ShLIOp::create(b, b.broadcast(b.load(b.getI32Type(), pointer)), shift);
  return arith::SubIOp::create(b, b.zeros(type), times);
}

Value LinearEmitter::rowInput(Value row, int64_t offset) { return b.at(b.at(input, b.mul(row, rowStride)), offset); }

Value LinearEmitter::scalesAt(const CodeView &view, Value pointer) {
  if (view.wideScales)
    return b.load(b.f32Vector(), pointer, 64);
  return b.toF32(b.load(b.vectorType(b.getF16Type()), pointer, 32));
}

LinearEmitter::Values LinearEmitter::startOfSegment(const Unit &unit, int64_t segment) {
  const CodeView &view = unit.view;
  int64_t columns = static_cast<int64_t>(unit.units.size()), segments = view.unitInputs / view.segment;
  VectorType integers = b.vectorType(b.getI32Type());
  Value number = b.mul(unit.index, segments * 4);
  auto sumOfRow = [&](int64_t row) {
    int64_t offset = row * rowStride + rowLayoutOf(plan.x).sumsAt() + segment * 4;
    return b.at(rowInput(unit.row, offset), number);
  };
  Values starts(unit.rows * columns);
  if (!view.storage.zeroPoints) {
    for (int64_t row = 0; row < unit.rows; ++row) {
      Value start = minusZeroTimes(b, view.storage.fixedZero(), sumOfRow(row));
      for (int64_t column = 0; column < columns; ++column)
        starts[row * columns + column] = start;
    }
    return starts;
  }
  for (int64_t column = 0; column < columns; ++column) {
    Value pointer = b.at(unit.units[column], view.zeros(segment)), minusZeros;
    if (view.wideScales) { // staged: negated already
      minusZeros = b.load(integers, pointer, 64);
    } else {
      Value zeros = b.toF32(b.load(b.vectorType(b.getF16Type()), pointer, 32));
      minusZeros = arith::SubIOp::create(b, b.zeros(integers), arith::FPToSIOp::create(b, integers, zeros));
    }
    for (int64_t row = 0; row < unit.rows; ++row)
      starts[row * columns + column] =
          arith::MulIOp::create(b, minusZeros, b.broadcast(b.load(b.getI32Type(), sumOfRow(row))));
  }
  return starts;
}

// One line of each panel, `offset` bytes into its unit, and the inputs from `firstInput` of every row.
void LinearEmitter::takeLine(const Unit &unit, Value offset, Value firstInput, Values &sums) {
  int64_t columns = static_cast<int64_t>(unit.units.size()), parts = unit.view.inputsPerLine() / 4;
  Value inputs = b.at(rowInput(unit.row, 0), firstInput);
  VectorType bytes = b.vectorType(b.getI32Type());
  auto number = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(bytes, value));
  };
  // Codes of four inputs: a whole line, or its low or high nibbles.
  auto codesOf = [&](Value line, int64_t part) {
    if (parts == 2) {
      if (part == 1)
        line = arith::ShRUIOp::create(b, line, number(4));
      line = arith::AndIOp::create(b, line, number(0x0f0f0f0f));
    }
    return codes->codes(b, line);
  };
  auto inputsOf = [&](int64_t row, int64_t part) {
    return codes->inputs(b, b.at(inputs, row * rowStride + part * CodeDot::inputsPerStep));
  };
  for (Value from : unit.fetched)
    b.prefetch(b.at(from, offset));
  Values lines;
  for (Value panel : unit.units)
    lines.push_back(b.load(bytes, b.at(panel, offset), qt::kLineBytes));
  // What is held in registers beside the sums: the inputs of all rows or the codes of all columns.
  for (int64_t part = 0; part < parts; ++part) {
    SmallVector<CodeDot::Values> held;
    bool byColumn = unit.rows < columns;
    for (int64_t i = 0; i < (byColumn ? unit.rows : columns); ++i)
      held.push_back(byColumn ? inputsOf(i, part) : codesOf(lines[i], part));
    for (int64_t i = 0; i < (byColumn ? columns : unit.rows); ++i) {
      CodeDot::Values other = byColumn ? codesOf(lines[i], part) : inputsOf(i, part);
      for (auto [j, values] : llvm::enumerate(held)) {
        Value &sum = sums[byColumn ? static_cast<int64_t>(j) * columns + i : i * columns + static_cast<int64_t>(j)];
        sum = byColumn ? codes->accumulate(b, sum, values, other) : codes->accumulate(b, sum, other, values);
      }
    }
  }
}

// The products of a segment: straight-line code where it is short, else a loop over a few lines at a time. Few sums are
// split in two, for every other line, so that steps wait less for each other.
LinearEmitter::Values LinearEmitter::takeLines(const Unit &unit, int64_t segment, int64_t lines, Values sums) {
  // Small loops, where a loop is needed: LLVM mixes the lines of long straight code up.
  constexpr int64_t fewSums = 4;
  int64_t vectorBits = b.target().number("vector_bits"), longest = 96 * vectorBits / 512;
  int64_t loopProducts = 32 * vectorBits / 512;
  size_t count = sums.size();
  bool split = static_cast<int64_t>(count) <= fewSums && lines % 2 == 0;
  if (split)
    sums.resize(2 * count, b.zeros(cast<VectorType>(sums[0].getType())));
  int64_t products = static_cast<int64_t>(count) * unit.view.inputsPerLine() / 4, atOnce = lines;
  if (lines * products > (unit.fetched.empty() ? longest : loopProducts))
    while (atOnce > 1 && (atOnce * products > loopProducts || lines % atOnce != 0))
      --atOnce;
  auto take = [&](Value line, Values &running) {
    Value input = b.add(b.mul(unit.index, unit.view.unitInputs), segment * unit.view.segment);
    for (int64_t i = 0; i < atOnce; ++i) {
      size_t first = split && i % 2 ? count : 0;
      Values part(running.begin() + first, running.begin() + first + count);
      takeLine(unit, b.add(b.mul(b.add(line, i), qt::kLineBytes), unit.view.lines(segment)),
               b.add(input, b.mul(b.add(line, i), unit.view.inputsPerLine())), part);
      llvm::copy(part, running.begin() + first);
    }
  };
  if (atOnce == lines)
    take(b.i64(0), sums);
  else
    sums = b.loop(b.i64(0), b.i64(lines), atOnce, sums, [&](Value line, ValueRange carried) {
      Values running = llvm::to_vector(carried);
      take(line, running);
      return running;
    });
  if (split)
    for (size_t i = 0; i < count; ++i)
      sums[i] = arith::AddIOp::create(b, sums[i], sums[count + i]);
  sums.truncate(count);
  return sums;
}

void LinearEmitter::addSegment(const Unit &unit, int64_t segment, ArrayRef<Value> partial, Values &sums) {
  const CodeView &view = unit.view;
  int64_t columns = static_cast<int64_t>(unit.units.size());
  qt::RowLayout x = rowLayoutOf(plan.x);
  Values scales;
  if (!view.scalesAtEnd())
    for (Value panel : unit.units)
      scales.push_back(scalesAt(view, b.at(panel, view.scales(segment))));
  for (int64_t row = 0; row < unit.rows; ++row) {
    Value rowScale;
    if (x.group) {
      Value group = b.div(b.add(b.mul(unit.index, view.unitInputs), segment * view.segment), x.group);
      rowScale =
          b.broadcast(b.load(b.getF32Type(), b.at(rowInput(unit.row, row * rowStride + x.scales()), b.mul(group, 4))));
    }
    for (int64_t column = 0; column < columns; ++column) {
      Value &sum = sums[row * columns + column];
      Value value = convertToF32(b, partial[row * columns + column]);
      if (rowScale && !view.scalesAtEnd())
        value = b.mulF(value, rowScale);
      sum = b.fma(value, view.scalesAtEnd() ? rowScale : scales[column], sum);
    }
  }
}

void LinearEmitter::takeUnit(const Unit &unit, Values &sums) {
  const CodeView &view = unit.view;
  for (int64_t segment = 0; segment * view.segment < unit.inputs; ++segment) {
    int64_t inputs = std::min(view.segment, unit.inputs - segment * view.segment);
    Values partial = startOfSegment(unit, segment);
    partial = takeLines(unit, segment, llvm::divideCeil(inputs, view.inputsPerLine()), partial);
    addSegment(unit, segment, partial, sums);
  }
}

LinearEmitter::Values LinearEmitter::multiplyCodes(const CodeView &view, ArrayRef<Value> panels, Value row,
                                                   int64_t rows, Value fromStep, int64_t stepCount, const Ahead &ahead,
                                                   Values sums) {
  auto unitAt = [&](Value step) { // counted from fromStep
    Value moved = b.mul(step, view.unitBytes);
    Unit unit{view, {}, row, b.add(fromStep, step), rows, view.unitInputs, {}};
    for (Value panel : panels) {
      Value first = view.isStaged ? panel : b.at(b.at(panel, view.start), b.mul(fromStep, view.unitBytes));
      unit.units.push_back(b.at(first, moved));
    }
    if (ahead.mirrored)
      for (Value from : ahead.from)
        unit.fetched.push_back(b.at(from, moved));
    return unit;
  };
  int64_t atOnce = stepsPerRound(rows, static_cast<int64_t>(panels.size()));
  auto takeSteps = [&](Value step, int64_t count, Values running) {
    Unit unit = unitAt(step);
    if (!view.isWhole()) {
      if (!unit.fetched.empty()) // its scales; its lines follow one by one
        for (Value from : unit.fetched)
          b.prefetch(from);
      for (int64_t i = 0; i < count; ++i)
        takeUnit(i == 0 ? unit : unitAt(b.add(step, i)), running);
      return running;
    }
    Value input = b.mul(unit.index, view.unitInputs);
    for (int64_t i = 0; i < count; ++i)
      takeLine(unit, b.i64(i * view.unitBytes), b.add(input, i * view.unitInputs), running);
    return running;
  };
  int64_t looped = stepCount / atOnce * atOnce;
  sums = b.loop(b.i64(0), b.i64(looped), atOnce, sums, [&](Value step, ValueRange carried) {
    fetch(ahead, b.div(step, atOnce));
    return takeSteps(step, atOnce, llvm::to_vector(carried));
  });
  return looped == stepCount ? sums : takeSteps(b.i64(looped), stepCount - looped, sums);
}

Value LinearEmitter::toFloats(Value sum, Value panel, Value row) {
  qt::RowLayout x = rowLayoutOf(plan.x);
  if (packedView.isWhole()) {
    Value start = minusZeroTimes(b, packedView.storage.fixedZero(), rowInput(row, x.sumsAt()));
    sum = convertToF32(b, arith::AddIOp::create(b, sum, start));
  }
  if (packedView.scalesAtEnd())
    sum = b.mulF(sum, b.load(b.f32Vector(), panel, 64));
  if (x.group == 0)
    sum = b.mulF(sum, b.broadcast(b.load(b.getF32Type(), rowInput(row, x.scales()))));
  return sum;
}
