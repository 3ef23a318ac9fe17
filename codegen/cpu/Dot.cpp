#include "codegen/cpu/Dot.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

FailureOr<Dot> Dot::choose(kernel::FuncOp func, StringRef dot, Type weight, kernel::PackedAttr layout, Type input) {
  Dot step;
  step.weightType = weight;
  step.inputType = input;
  step.perStep = layout.getK();
  if (layout.getN() != KernelBuilder::lanes || step.perStep != (weight.isBF16() ? 2 : 1))
    return func.emitOpError() << "has " << weight << " weights in " << layout
                              << ", expected n = 16 and k = " << (weight.isBF16() ? 2 : 1);
  if (dot == "fma" && input.isF32())
    return step;
  if ((dot == "bf16" || dot == "amx") && input.isBF16() && weight.isBF16()) {
    kernel::TargetAttr target = *func.getTarget();
    SmallVector<StringRef> needed = {"avx512bf16"};
    if (dot == "amx")
      needed.append({"amx-tile", "amx-bf16"});
    for (StringRef feature : needed)
      if (!target.hasFeature(feature))
        return func.emitOpError() << "multiplies with \"" << dot << "\", which needs " << feature << "; target "
                                  << target.getSpec() << " has no such feature";
    step.kind = Kind::Bf16;
    return step;
  }
  return func.emitOpError() << "cannot multiply " << input << " inputs by " << weight << " weights with \"" << dot
                            << "\"; expected f32 inputs for \"fma\", bf16 inputs and weights for \"bf16\" and \"amx\"";
}

Dot::Operand Dot::weights(KernelBuilder &b, Value pointer) const {
  if (kind == Kind::Bf16)
    return {b.load(b.vectorType(b.getBF16Type(), 32), pointer, 64)};
  if (perStep == 1)
    return {b.toF32(b.load(b.vectorType(weightType), pointer, lineBytes()))};
  // A pair is one 32-bit lane: shifted up it is the even weight, masked the odd one, each as f32.
  VectorType pairs = b.vectorType(b.getI32Type());
  auto number = [&](int32_t v) -> Value { return arith::ConstantOp::create(b, DenseElementsAttr::get(pairs, v)); };
  Value line = b.load(pairs, pointer, 64);
  Value even = arith::ShLIOp::create(b, line, number(16)),
        odd = arith::AndIOp::create(b, line, number(static_cast<int32_t>(0xffff0000)));
  return {arith::BitcastOp::create(b, b.f32Vector(), even), arith::BitcastOp::create(b, b.f32Vector(), odd)};
}

Dot::Operand Dot::inputs(KernelBuilder &b, Value pointer, int64_t valid) const {
  if (kind == Kind::Fma) {
    Operand spread;
    for (int64_t i = 0; i < valid; ++i)
      spread.push_back(b.broadcast(b.load(inputType, b.at(pointer, i * inputBytes()))));
    return spread;
  }
  Value pair = valid == 2 ? b.load(b.getI32Type(), pointer, 2)
                          : arith::ExtUIOp::create(b, b.getI32Type(), b.load(b.getI16Type(), pointer)).getResult();
  return {vector::BitCastOp::create(b, b.vectorType(b.getBF16Type(), 32), b.broadcast(pair))};
}

Value Dot::accumulate(KernelBuilder &b, Value sum, const Operand &inputs, const Operand &weights) const {
  if (kind == Kind::Bf16)
    return b.intrinsic("llvm.x86.avx512bf16.dpbf16ps.512", b.f32Vector(), {sum, weights[0], inputs[0]});
  for (auto [input, weight] : llvm::zip(inputs, weights)) // an odd depth leaves the last weight, a zero, out
    sum = b.fma(input, weight, sum);
  return sum;
}
