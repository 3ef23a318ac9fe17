// The schedule of a kernel, from its shapes and the target's numbers (docs/targets.md); nothing is measured.
//
// A linear on R rows:
//   R <= decode_rows   all rows at once and weights read once: rows = R, panels = streams = min(weight_streams,
//   accumulators / R),
//                      depth 0, prefetch_bytes ahead. Bound by memory.
//   more rows          cache blocks: rows x panels sums = gemm_rows x gemm_panels, gemm_depth columns of the input at a
//   time.
// The multiplier is the target's where rows and weights are bf16, and fma elsewhere; for few rows amx tiles would stay
// mostly empty, so a target with amx multiplies them with its bf16 dot. Both round alike, product by product in f32.
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
