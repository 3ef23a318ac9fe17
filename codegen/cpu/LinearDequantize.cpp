// Quantized weights under float activations: each part of a panel is made into f32 lines in scratch, [input][16] as if
// it had been packed so, and multiplied there by all rows. Products are those of dequantized weights, in the order of
// the depth, so all row counts agree to the bit.
#include "codegen/cpu/LinearEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

int64_t LinearEmitter::dequantizedTogether() const {
  qt::PanelLayout layout(plan.storage(), plan.depth);
  return layout.storage.group ? layout.storage.group : layout.inputsPerLine();
}

// The inputs of a group (of a line, where all share one scale), number `index`.
void LinearEmitter::dequantizeGroup(Value panel, Value index, Value to) {
  qt::PanelLayout layout(plan.storage(), plan.depth);
  VectorType integers = b.vectorType(b.getI32Type());
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(integers, static_cast<int32_t>(value)));
  };
  auto half = [&](Value at) { return b.toF32(b.load(b.vectorType(b.getF16Type()), at, 32)); };
  Value scales, zeros = number(layout.storage.fixedZero()), lines;
  int64_t lineCount = 1;
  if (layout.floatScales()) {
    scales = b.load(b.f32Vector(), panel, 64);
    lines = b.at(b.at(panel, layout.headBytes()), b.mul(index, qt::kLineBytes));
  } else {
    lineCount = layout.linesPerGroup();
    Value block = b.at(panel, b.mul(b.div(index, layout.groupsPerBlock()), layout.blockBytes()));
    Value inBlock = b.rem(index, layout.groupsPerBlock());
    scales = half(b.at(block, b.mul(inBlock, layout.scaleBytes())));
    if (layout.storage.zeroPoints)
      zeros = arith::FPToSIOp::create(b, integers, half(b.at(block, layout.scaleBytes())));
    lines = b.at(b.at(block, layout.headBytes()), b.mul(inBlock, lineCount * qt::kLineBytes));
  }
  b.loop(0, lineCount, 1, [&](Value line) {
    Value from = b.at(lines, b.mul(line, qt::kLineBytes));
    if (tiling.getPrefetch())
      b.prefetch(b.at(from, tiling.getPrefetch()));
    Value bytes = b.load(integers, from, 64);
    for (int64_t input = 0; input < layout.inputsPerLine(); ++input) {
      int64_t shift = input % 4 * 8 + input / 4 * 4;
      Value code = shift ? arith::ShRUIOp::create(b, bytes, number(shift)).getResult() : bytes;
      code = arith::AndIOp::create(b, code, number(layout.storage.maxCode()));
      Value value = arith::SIToFPOp::create(b, b.f32Vector(), arith::SubIOp::create(b, code, zeros));
      int64_t lineBytes = layout.inputsPerLine() * sumBytes;
      b.store(b.mulF(value, scales), b.at(b.at(to, b.mul(line, lineBytes)), input * sumBytes), 64);
    }
  });
}

LinearEmitter::Values LinearEmitter::dequantize(ArrayRef<Value> panels, Value step, int64_t count) {
  int64_t together = dequantizedTogether(), groups = llvm::divideCeil(count, together);
  Values starts;
  for (auto [index, panel] : llvm::enumerate(panels)) {
    Value to = b.at(stageScratch, static_cast<int64_t>(index) * groups * together * sumBytes);
    b.loop(0, groups, 1, [&](Value group) {
      dequantizeGroup(panel, b.add(b.div(step, together), group), b.at(to, b.mul(group, together * sumBytes)));
    });
    starts.push_back(to);
  }
  return starts;
}
