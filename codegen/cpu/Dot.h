// The inner step of the linear emitters on one instruction set: sums of 16 outputs take in a line of packed weights (16
// outputs x packed.k inputs) and the matching inputs of one row.
//
//   multiplier  weights        input  a line            the step
//   fma         f32, k = 1     f32    16 f32            1 fused multiply-add
//   fma         f16, k = 1     f32    16 f16, widened   1 fused multiply-add
//   fma         bf16, k = 2    f32    16 pairs, widened 2 fused multiply-adds, even inputs first
//   bf16        bf16, k = 2    bf16   16 pairs          1 vdpbf16ps (rounds after each product's addition, flushes
//                                                       subnormals)
// The multiplier amx takes whole tiles (LinearAmx.cpp) and does what is left over with bf16 steps.
// A step rounds the same way for any number of rows, so all buckets agree to the bit.
#pragma once

#include "codegen/common/KernelBuilder.h"

namespace tenon::codegen::cpu {

class Dot {
public:
  enum class Kind { Fma, Bf16 };
  // Fails with a diagnostic at `func` for combinations not in the table and for features that the target lacks.
  static mlir::FailureOr<Dot> choose(kernel::FuncOp func, llvm::StringRef dot, mlir::Type weight,
                                     kernel::PackedAttr layout, mlir::Type input);

  int64_t inputsPerStep() const { return perStep; }
  int64_t lineBytes() const { return KernelBuilder::lanes * perStep * KernelBuilder::bytesOf(weightType); }
  int64_t inputBytes() const { return KernelBuilder::bytesOf(inputType); }

  // A step is one or two parts, each a multiply-add into every sum: `part` counts from 0.
  int64_t parts(int64_t valid) const { return kind == Kind::Bf16 ? 1 : valid; }
  // Part of a loaded line of weights as the multiply-add wants it.
  mlir::Value loadLine(KernelBuilder &b, mlir::Value pointer) const;
  mlir::Value weights(KernelBuilder &b, mlir::Value line, int64_t part) const;
  // The inputs of a part in all lanes; `valid` inputs of the step exist (fewer in the last step of an odd depth).
  mlir::Value inputs(KernelBuilder &b, mlir::Value pointer, int64_t part, int64_t valid) const;
  // `weightsLast`: the weights are used once and may be read by the multiply-add itself, else the inputs may.
  mlir::Value accumulate(KernelBuilder &b, mlir::Value sum, mlir::Value inputs, mlir::Value weights,
                         bool weightsLast) const;

private:
  Kind kind = Kind::Fma;
  int64_t perStep = 1;
  mlir::Type weightType, inputType;
};

} // namespace tenon::codegen::cpu
