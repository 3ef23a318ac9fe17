// The schedule of a kernel, from its shapes and the target's numbers (docs/targets.md); nothing is measured.
//
// A linear on R rows, J linears of which share an epilogue (gate and up: 2) and so are computed side by side:
//   R <= decode_rows   all rows at once, weights read once: panels = streams = min(weight_streams, accumulators / R),
//                      depth 0, prefetch_bytes ahead. Bound by memory.
//   more rows          cache blocks: gemm_rows x gemm_panels sums, gemm_depth columns of the input at a time.
// Panels are rounded to a multiple of J, at least J, and rows are what the registers then leave. With amx the limit is
// 8 tiles of 16 rows x 16 columns: sums, one column of inputs and one row of weights.
//
// The multiplier is the target's where rows and weights are bf16, for every row count, and fma elsewhere: all buckets
// add in the same order and round alike, so that cutting a prompt differently gives the same bits.
#pragma once

#include "dialects/kernel/Kernel.h"

namespace tenon {

// Columns of the result in one panel of a packed weight.
inline constexpr int64_t kPanelColumns = 16;

kernel::TilingAttr chooseTiling(kernel::FuncOp kernel, kernel::TargetAttr target);

// Whether the sums of `tiling` fit in the target's registers beside the operands of the inner step.
bool fitsRegisters(kernel::TilingAttr tiling, kernel::TargetAttr target);

// The layout of a matrix that linears multiply with.
kernel::PackedAttr packedLayout(mlir::RankedTensorType weight);

} // namespace tenon
