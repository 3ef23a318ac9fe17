// Three passes, all in the first cache: the largest magnitude of a group, its codes, then the sums of codes. A group of
// few vectors stays in registers between the first two.
#include "codegen/common/QuantizeRow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

static constexpr int64_t lanes = KernelBuilder::lanes;

bool tenon::codegen::isQuantizedRows(Value tensor) {
  return static_cast<bool>(qt::rowSchemeOf(cast<RankedTensorType>(tensor.getType())));
}

qt::RowLayout tenon::codegen::rowLayoutOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return qt::rowLayout(qt::rowSchemeOf(type), type.getDimSize(1));
}

namespace {
class RowQuantizer {
public:
  RowQuantizer(KernelBuilder &b, Value x, Value row, qt::RowLayout layout, Value destination)
      : b(b), x(b, x, row), layout(layout), destination(destination) {}

  void emit() {
    int64_t group = layout.group ? layout.group : layout.columns, whole = layout.columns / group;
    if (whole == 1) // constants instead of a loop
      quantizeGroup(b.i64(0), group);
    else
      b.loop(0, whole, 1, [&](Value index) { quantizeGroup(index, group); });
    if (int64_t left = layout.columns - whole * group)
      quantizeGroup(b.i64(whole), left);
    for (int64_t at = llvm::alignTo(layout.columns, lanes); at < layout.paddedColumns(); at += lanes)
      b.store(b.zeros(b.vectorType(b.getI8Type())), b.at(destination, at), lanes);
    addUp();
  }

private:
  static constexpr int64_t maxVectorsInRegisters = 4;

  // Lanes of vector `index` of a group of `count` columns, null for all.
  Value lanesOf(int64_t index, int64_t count) {
    int64_t left = count - index * lanes;
    return left < lanes ? b.i64(left) : Value();
  }
  Value magnitude(Value v) { return math::AbsFOp::create(b, v); }

  void quantizeGroup(Value index, int64_t count) {
    Value first = b.mul(index, layout.group);
    int64_t vectors = llvm::divideCeil(count, lanes);
    SmallVector<Value> held;
    Value largest;
    if (vectors <= maxVectorsInRegisters) {
      for (int64_t v = 0; v < vectors; ++v) {
        held.push_back(x.at(b.add(first, v * lanes), lanesOf(v, count)));
        largest = largest ? b.maxF(largest, magnitude(held.back())) : magnitude(held.back());
      }
    } else {
      largest = largestOf(first, count);
    }
    largest = b.horizontalMax(largest);
    // Below this the inverse overflows; nothing that small matters.
    Value counts = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, largest, b.f32(qt::kSmallestMagnitude));
    Value scale = b.select(counts, b.divF(largest, b.f32(127)), b.f32(0));
    Value inverse = b.select(counts, b.divF(b.f32(127), largest), b.f32(0));
    b.store(scale, b.at(b.at(destination, b.mul(index, 4)), layout.scales()));
    Value factor = b.broadcast(inverse);
    if (!held.empty()) {
      for (auto [v, values] : llvm::enumerate(held))
        storeCodes(values, factor, b.add(first, static_cast<int64_t>(v) * lanes));
      return;
    }
    int64_t whole = count / lanes * lanes;
    b.loop(0, whole, lanes, [&](Value offset) {
      Value column = b.add(first, offset);
      storeCodes(x.at(column), factor, column);
    });
    if (whole < count)
      storeCodes(x.at(b.add(first, whole), b.i64(count - whole)), factor, b.add(first, whole));
  }

  // Largest magnitudes by lane; four chains hide the latency of the maximum.
  Value largestOf(Value first, int64_t count) {
    constexpr int64_t chains = 4, step = chains * lanes;
    int64_t whole = count / step * step;
    SmallVector<Value> largest(chains, b.splat(0));
    largest = b.loop(b.i64(0), b.i64(whole), step, largest, [&](Value offset, ValueRange carried) {
      SmallVector<Value> next;
      for (auto [chain, value] : llvm::enumerate(carried)) {
        Value column = b.add(b.add(first, offset), static_cast<int64_t>(chain) * lanes);
        next.push_back(b.maxF(value, magnitude(x.at(column))));
      }
      return next;
    });
    for (int64_t at = whole, chain = 0; at < count; at += lanes, ++chain) {
      Value lanesLeft = count - at < lanes ? b.i64(count - at) : Value();
      largest[chain] = b.maxF(largest[chain], magnitude(x.at(b.add(first, at), lanesLeft)));
    }
    return b.maxF(b.maxF(largest[0], largest[1]), b.maxF(largest[2], largest[3]));
  }

  // Adding 1.5 * 2^23 rounds to the nearest integer, ties to even, and leaves it in the low bits.
  void storeCodes(Value values, Value factor, Value column) {
    Value rounded = b.addF(b.mulF(values, factor), b.splat(12582912.0));
    Value bits = arith::BitcastOp::create(b, b.vectorType(b.getI32Type()), rounded);
    Value codes = arith::TruncIOp::create(b, b.vectorType(b.getI8Type()), bits);
    b.store(codes, b.at(destination, column), lanes);
  }

  void addUp() {
    int64_t span = layout.sums ? layout.sums : layout.paddedColumns(), whole = layout.paddedColumns() / span;
    auto sumOf = [&](Value index, int64_t count) {
      Value from = b.at(destination, b.mul(index, span));
      auto add = [&](Value sum, Value offset) -> Value {
        Value codes = b.load(b.vectorType(b.getI8Type()), b.at(from, offset), lanes);
        return arith::AddIOp::create(b, sum, arith::ExtSIOp::create(b, b.vectorType(b.getI32Type()), codes));
      };
      Value sums = b.zeros(b.vectorType(b.getI32Type()));
      if (count <= 2 * maxVectorsInRegisters * lanes)
        for (int64_t offset = 0; offset < count; offset += lanes)
          sums = add(sums, b.i64(offset));
      else
        sums = b.loop(b.i64(0), b.i64(count), lanes, sums, [&](Value offset, ValueRange carried) {
          return SmallVector<Value>{add(carried.front(), offset)};
        })[0];
      Value sum = vector::ReductionOp::create(b, vector::CombiningKind::ADD, sums);
      Value factor = arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(layout.sumFactor())));
      sum = arith::MulIOp::create(b, sum, factor);
      b.store(sum, b.at(b.at(destination, b.mul(index, 4)), layout.sumsAt()));
    };
    // Codes are padded with zeros, so that only the last span of all may be short.
    whole = std::min(whole, layout.sumCount());
    b.loop(0, whole, 1, [&](Value index) { sumOf(index, span); });
    if (whole < layout.sumCount())
      sumOf(b.i64(whole), layout.paddedColumns() - whole * span);
  }

  KernelBuilder &b;
  RowPrep x;
  qt::RowLayout layout;
  Value destination;
};
} // namespace

void tenon::codegen::quantizeRow(KernelBuilder &b, Value quantized, Value row, Value destination) {
  auto op = quantized.getDefiningOp<qt::QuantizeRowsOp>();
  RowQuantizer(b, op.getX(), row, rowLayoutOf(quantized), destination).emit();
}
