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

Value Dot::loadLine(KernelBuilder &b, Value pointer) const {
  if (kind == Kind::Bf16)
    return b.load(b.vectorType(b.getBF16Type(), 32), pointer, 64);
  return b.load(perStep == 1 ? b.vectorType(weightType) : b.vectorType(b.getI32Type()), pointer, lineBytes());
}

Value Dot::weights(KernelBuilder &b, Value line, int64_t part) const {
  if (kind == Kind::Bf16)
    return line;
  if (perStep == 1)
    return b.toF32(line);
  // A pair is one 32-bit lane: shifted up it is the even weight, masked the odd one, each as f32.
  auto number = [&](int32_t v) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(b.vectorType(b.getI32Type()), v));
  };
  Value bits = part == 0 ? arith::ShLIOp::create(b, line, number(16)).getResult()
                         : arith::AndIOp::create(b, line, number(static_cast<int32_t>(0xffff0000))).getResult();
  return arith::BitcastOp::create(b, b.f32Vector(), bits);
}

Value Dot::inputs(KernelBuilder &b, Value pointer, int64_t part, int64_t valid) const {
  if (kind == Kind::Fma)
    return b.broadcast(b.load(inputType, b.at(pointer, part * inputBytes())));
  Value pair = valid == 2 ? b.load(b.getI32Type(), pointer, 2)
                          : arith::ExtUIOp::create(b, b.getI32Type(), b.load(b.getI16Type(), pointer)).getResult();
  return vector::BitCastOp::create(b, b.vectorType(b.getBF16Type(), 32), b.broadcast(pair));
}

Value Dot::accumulate(KernelBuilder &b, Value sum, Value inputs, Value weights, bool weightsLast) const {
  if (kind == Kind::Fma)
    return b.fma(inputs, weights, sum);
  if (weightsLast)
    std::swap(inputs, weights);
  return b.intrinsic("llvm.x86.avx512bf16.dpbf16ps.512", b.f32Vector(), {sum, weights, inputs});
}
