// Online softmax over vectors: its exponential and the joining of spans, with one arithmetic for all kernels, so that
// attention gives the same bits whether its spans are computed by one kernel or joined by another.
#pragma once

#include "codegen/common/KernelBuilder.h"

namespace tenon::codegen::cpu {

// The largest score of no tokens: finite, so that it can be subtracted from itself.
inline constexpr double nothingSeen = -0x1.fffffep127;

// 2^x for x <= 0, 0 below 2^-125; exactly 1 at 0, relative error 3e-9 before rounding.
mlir::Value exp2(KernelBuilder &b, mlir::Value x);

// What sums over tokens seen before and sums over further tokens are multiplied with when they are added; lane by lane.
struct SpanJoin {
  SpanJoin(KernelBuilder &b, mlir::Value largestBefore, mlir::Value largestHere);

  mlir::Value largest, before, here;

  // The joined sum, of scalars or vectors.
  static mlir::Value sum(KernelBuilder &b, mlir::Value sumBefore, mlir::Value before, mlir::Value sumHere,
                         mlir::Value here) {
    return b.fma(sumHere, here, b.mulF(sumBefore, before));
  }
};

} // namespace tenon::codegen::cpu
