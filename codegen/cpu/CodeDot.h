// The inner step of linear emitters on 8-bit activations: 16 int32 sums take in 64 bytes of unsigned codes (16 outputs
// x 4 inputs) and the matching 4 int8 inputs of one row. Exact: nothing saturates, sums wrap only where they would not
// fit anyway.
//
//   multiplier  codes      the step
//   vnni        any        vpdpbusd
//   maddwd      <= 15      vpmaddubsw (15 * 127 * 2 fits in 16 bits), vpmaddwd with ones, vpaddd
//   maddwd      any        even and odd bytes as 16-bit numbers: two vpmaddwd, two vpaddd
//   usdot       any        usdot, once for each of four registers
//   widen       any        four multiply-adds of 32-bit numbers
// The multiplier amx takes whole tiles (LinearCodeTiles.cpp) and does what is left over with vnni steps: both give the
// same sums.
#pragma once

#include "codegen/common/KernelBuilder.h"

namespace tenon::codegen::cpu {

class CodeDot {
public:
  // Fails with a diagnostic at `func` for an unknown multiplier and for features that the target lacks. `bits`: width
  // of the codes.
  static mlir::FailureOr<CodeDot> choose(kernel::FuncOp func, llvm::StringRef dot, int64_t bits);

  static constexpr int64_t inputsPerStep = 4;
  using Values = llvm::SmallVector<mlir::Value, 4>;

  // `bytes`, 16 lanes of four codes, as the multiplier wants them.
  Values codes(KernelBuilder &b, mlir::Value bytes) const;
  // Four inputs at `pointer` for all lanes.
  Values inputs(KernelBuilder &b, mlir::Value pointer) const;
  mlir::Value accumulate(KernelBuilder &b, mlir::Value sum, const Values &inputs, const Values &codes) const;

private:
  enum class Kind { Vnni, Maddwd, MaddubsSmall, Usdot, Widen };
  Kind kind = Kind::Widen;
  int64_t registerBits = 512; // that the multiplier's instructions work on
};

} // namespace tenon::codegen::cpu
