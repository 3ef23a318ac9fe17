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
  using Operand = llvm::SmallVector<mlir::Value, 2>;

  // Fails with a diagnostic at `func` for combinations not in the table and for features that the target lacks.
  static mlir::FailureOr<Dot> choose(kernel::FuncOp func, llvm::StringRef dot, mlir::Type weight,
                                     kernel::PackedAttr layout, mlir::Type input);

  int64_t inputsPerStep() const { return perStep; }
  int64_t lineBytes() const { return KernelBuilder::lanes * perStep * KernelBuilder::bytesOf(weightType); }
  int64_t inputBytes() const { return KernelBuilder::bytesOf(inputType); }

  // A line of weights, as the step wants it.
  Operand weights(KernelBuilder &b, mlir::Value pointer) const;
  // The inputs of one step in all lanes; `valid` of them exist (the last step of an odd depth).
  Operand inputs(KernelBuilder &b, mlir::Value pointer, int64_t valid) const;
  mlir::Value accumulate(KernelBuilder &b, mlir::Value sum, const Operand &inputs, const Operand &weights) const;

private:
  Kind kind = Kind::Fma;
  int64_t perStep = 1;
  mlir::Type weightType, inputType;
};

} // namespace tenon::codegen::cpu
