// The integer multiplier of linear kernels: int32 sums of a segment (the inputs that share their scales) in registers,
// then scaled and added to f32 sums. Codes are unsigned, so a segment starts at -zero * (sum of its inputs), which the
// rows bring along (without the zero, where weights have zero points of their own): it costs next to nothing.
//
//   sum[row][column] += scale[column] * (scale[row] *) float(sum over the segment of (code - zero) * input)
//
// Where several segments share a scale of the weights, they are added up before it is applied. A scale that is the same
// over the whole depth is applied at the end (toFloats). Without any other, integers are carried to the end, too.
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

Value LinearEmitter::rowInput(Value row, int64_t offset) { return b.at(b.at(input, b.mul(row, rowStride)), offset); }

// The scales of every panel for the group whose first segment is given.
LinearEmitter::Values LinearEmitter::scalesOf(const Unit &unit, int64_t firstOfGroup) {
  Values scales;
  for (Value panel : unit.units) {
    Value pointer = b.at(panel, unit.view.scales(firstOfGroup));
    scales.push_back(unit.view.wideScales ? b.load(b.f32Vector(), pointer, 64)
                                          : b.toF32(b.load(b.vectorType(b.getF16Type()), pointer, 32)));
  }
  return scales;
}

LinearEmitter::Values LinearEmitter::startOfSegment(const Unit &unit, const Segment &segment) {
  const CodeView &view = unit.view;
  int64_t columns = static_cast<int64_t>(unit.units.size());
  VectorType integers = b.vectorType(b.getI32Type());
  auto sumOfRow = [&](int64_t row) {
    return b.at(rowInput(unit.row, row * rowStride + rowLayoutOf(plan.x).sumsAt()), b.mul(segment.number, 4));
  };
  Values starts(unit.rows * columns);
  if (!view.storage.zeroPoints) {
    for (int64_t row = 0; row < unit.rows; ++row) {
      Value start = b.broadcast(b.load(b.getI32Type(), sumOfRow(row)));
      for (int64_t column = 0; column < columns; ++column)
        starts[row * columns + column] = start;
    }
    return starts;
  }
  for (int64_t column = 0; column < columns; ++column) {
    Value pointer = b.at(unit.units[column], view.zeros(segment.firstOfGroup)), minusZeros;
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

// Products in straight-line code, at most.
int64_t LinearEmitter::longestProducts() const { return 96 * b.target().number("vector_bits") / 512; }

// The products of a segment: straight-line code where it is short, else a loop over a few lines at a time. Few sums are
// split in two, for every other line, so that steps wait less for each other.
LinearEmitter::Values LinearEmitter::takeLines(const Unit &unit, const Segment &segment, int64_t lines, Values sums) {
  constexpr int64_t fewSums = 4;
  int64_t longest = longestProducts(), loopProducts = longest / 3;
  size_t count = sums.size();
  bool split = static_cast<int64_t>(count) <= fewSums && lines % 2 == 0;
  if (split)
    sums.resize(2 * count, b.zeros(cast<VectorType>(sums[0].getType())));
  int64_t products = static_cast<int64_t>(count) * unit.view.inputsPerLine() / 4, atOnce = lines;
  if (lines * products > (unit.fetched.empty() ? longest : loopProducts))
    while (atOnce > 1 && (atOnce * products > loopProducts || lines % atOnce != 0))
      --atOnce;
  auto take = [&](Value line, Values &running) {
    Value input = b.mul(segment.number, unit.view.segment);
    for (int64_t i = 0; i < atOnce; ++i) {
      size_t first = split && i % 2 ? count : 0;
      Values part(running.begin() + first, running.begin() + first + count);
      takeLine(unit, b.add(b.mul(b.add(line, i), qt::kLineBytes), segment.lines),
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

// Adds a segment's integers times the scale of the row, where it changes along the depth, and `scales` of the panels,
// unless they are applied later. Sums may be null then: nothing was added yet.
void LinearEmitter::addSegment(const Unit &unit, const Segment &segment, ArrayRef<Value> partial,
                               ArrayRef<Value> scales, Values &sums) {
  int64_t columns = static_cast<int64_t>(unit.units.size());
  qt::RowLayout x = rowLayoutOf(plan.x);
  for (int64_t row = 0; row < unit.rows; ++row) {
    Value rowScale;
    if (x.group) {
      Value group = b.div(segment.number, x.group / unit.view.segment);
      rowScale =
          b.broadcast(b.load(b.getF32Type(), b.at(rowInput(unit.row, row * rowStride + x.scales()), b.mul(group, 4))));
    }
    for (int64_t column = 0; column < columns; ++column) {
      Value &sum = sums[row * columns + column];
      Value value = convertToF32(b, partial[row * columns + column]);
      Value last = scales.empty() ? rowScale : scales[column];
      if (rowScale && !scales.empty())
        value = b.mulF(value, rowScale);
      sum = sum ? b.fma(value, last, sum) : b.mulF(value, last);
    }
  }
}

// The segments of `inputs` inputs from `first` on, which share a scale of the weights: in a loop where they are many
// products, because LLVM keeps too much in registers at once in long straight code. It also moves the prefetches of a
// block to its end, where a long row of them waits for line buffers: shorter blocks, where lines are fetched ahead (but
// not for AVX2, which loses more by the loop).
void LinearEmitter::takeGroup(const Unit &unit, int64_t first, int64_t inputs, Values &sums) {
  const CodeView &view = unit.view;
  int64_t linesPerSegment = view.segment / view.inputsPerLine(), firstSegment = first / view.segment;
  Value before = b.add(b.mul(unit.index, view.unitInputs / view.segment), firstSegment);
  auto take = [&](Value index, int64_t lines, Values &running) {
    Value offset = b.add(b.mul(index, linesPerSegment * qt::kLineBytes), view.lines(firstSegment));
    Segment segment{firstSegment, offset, b.add(before, index)};
    Values partial = takeLines(unit, segment, lines, startOfSegment(unit, segment)), scales;
    if (view.scalesEachSegment())
      scales = scalesOf(unit, firstSegment);
    addSegment(unit, segment, partial, scales, running);
  };
  int64_t whole = inputs / view.segment, done = 0;
  int64_t products = view.segment / CodeDot::inputsPerStep * static_cast<int64_t>(sums.size());
  bool fetches = !unit.fetched.empty() && b.target().number("vector_bits") == 512;
  if (whole > 1 && whole * products >= (fetches ? 32 : longestProducts() + 1)) {
    for (Value &sum : sums)
      sum = sum ? sum : b.zeros(b.f32Vector());
    sums = b.loop(b.i64(0), b.i64(whole), 1, sums, [&](Value index, ValueRange carried) {
      Values running = llvm::to_vector(carried);
      take(index, linesPerSegment, running);
      return running;
    });
    done = whole;
  }
  for (; done * view.segment < inputs; ++done)
    take(b.i64(done), llvm::divideCeil(std::min(view.segment, inputs - done * view.segment), view.inputsPerLine()),
         sums);
}

void LinearEmitter::takeUnit(const Unit &unit, Values &sums) {
  const CodeView &view = unit.view;
  int64_t columns = static_cast<int64_t>(unit.units.size()),
          group = view.scalesAtEnd() ? view.unitInputs : view.storage.group;
  for (int64_t first = 0; first < unit.inputs; first += group) {
    int64_t inputs = std::min(group, unit.inputs - first);
    if (view.scalesAtEnd() || view.scalesEachSegment()) {
      takeGroup(unit, first, inputs, sums);
      continue;
    }
    Values added(sums.size()), scales;
    takeGroup(unit, first, inputs, added);
    scales = scalesOf(unit, first / view.segment);
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] = b.fma(added[i], scales[i % columns], sums[i]);
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
    Value start = b.broadcast(b.load(b.getI32Type(), rowInput(row, x.sumsAt())));
    sum = convertToF32(b, arith::AddIOp::create(b, sum, start));
  }
  if (packedView.scalesAtEnd())
    sum = b.mulF(sum, b.load(b.f32Vector(), panel, 64));
  if (x.group == 0)
    sum = b.mulF(sum, b.broadcast(b.load(b.getF32Type(), rowInput(row, x.scales()))));
  return sum;
}
