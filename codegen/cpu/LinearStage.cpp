// Staging: 4-bit codes unpacked to bytes, scales widened, once for all rows that pass over them (CodeView::staged).
#include "codegen/cpu/LinearEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

void LinearEmitter::stageUnit(Value from, Value to) {
  const CodeView &packed = packedView, &staged = stagedView;
  VectorType integers = b.vectorType(b.getI32Type());
  auto number = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(integers, value));
  };
  auto half = [&](int64_t offset) { return b.toF32(b.load(b.vectorType(b.getF16Type()), b.at(from, offset), 32)); };
  int64_t group = packed.storage.group, lines = group / packed.inputsPerLine();
  for (int64_t first = 0; first < packed.unitInputs; first += group) {
    int64_t segment = first / packed.segment;
    b.store(half(packed.scales(segment)), b.at(to, staged.scales(segment)), 64);
    if (packed.storage.zeroPoints) {
      Value zeros = arith::FPToSIOp::create(b, integers, half(packed.zeros(segment)));
      b.store(arith::SubIOp::create(b, number(0), zeros), b.at(to, staged.zeros(segment)), 64);
    }
    b.loop(0, lines, 2, [&](Value line) {
      for (int64_t i = 0; i < 2; ++i) {
        Value at = b.add(line, i);
        Value both = b.load(integers, b.at(b.at(from, packed.lines(segment)), b.mul(at, qt::kLineBytes)), 64);
        Value low = b.at(b.at(to, staged.lines(segment)), b.mul(at, 2 * qt::kLineBytes));
        b.store(arith::AndIOp::create(b, both, number(0x0f0f0f0f)), low, 64);
        Value high = arith::AndIOp::create(b, arith::ShRUIOp::create(b, both, number(4)), number(0x0f0f0f0f));
        b.store(high, b.at(low, qt::kLineBytes), 64);
      }
    });
  }
}

LinearEmitter::Values LinearEmitter::stage(ArrayRef<Value> panels, Value step, int64_t count) {
  int64_t stagedBytes = count * stagedView.unitBytes;
  Values starts;
  for (auto [index, panel] : llvm::enumerate(panels)) {
    starts.push_back(b.at(stageScratch, static_cast<int64_t>(index) * stagedBytes));
    Value from = b.at(b.at(panel, packedView.start), b.mul(step, packedView.unitBytes));
    b.loop(0, count, 1, [&](Value unit) {
      stageUnit(b.at(from, b.mul(unit, packedView.unitBytes)), b.at(starts.back(), b.mul(unit, stagedView.unitBytes)));
    });
  }
  return starts;
}
