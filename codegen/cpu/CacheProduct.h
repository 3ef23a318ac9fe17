// A block of products with lines of the cache on the right side, in registers:
// sums[r][c] += sum_k left[r][k] * right[k][16 c ...].
#pragma once

#include "codegen/cpu/CacheDot.h"

namespace tenon::codegen::cpu {

struct CacheProduct {
  mlir::Value left;  // rows of CacheDot::leftType()
  int64_t leftBytes; // from row to row of `left`
  mlir::Value right;
  int64_t lineBytes;         // from line to line of `right`
  mlir::Value prefetch;      // as many bytes as all lines, in order
  mlir::Value depth;         // i64
  int64_t panels, lastLanes; // of 16 columns; the last one has lastLanes

  // `sums` are rows * panels vectors, row by row; so is the result.
  KernelBuilder::Values emit(KernelBuilder &b, CacheDot &dot, int64_t rows, const KernelBuilder::Values &sums) const;

private:
  // One step of depth, of whose dot.numbers() numbers the first `valid` count.
  KernelBuilder::Values emitStep(KernelBuilder &b, CacheDot &dot, int64_t rows, mlir::Value step, int64_t valid,
                                 mlir::ValueRange sums) const;
};

} // namespace tenon::codegen::cpu
