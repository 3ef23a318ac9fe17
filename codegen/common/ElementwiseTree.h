// Elementwise ops of a kernel's region, evaluated on 16 lanes: how epilogues ride in any anchor's loop.
#pragma once

#include "codegen/common/KernelBuilder.h"

namespace tenon::codegen {

// Vectors (f32) that tensors of the region hold at the position at hand.
using LaneValues = llvm::DenseMap<mlir::Value, mlir::Value>;

// The f32 vector of `tensor` at the position at hand: through VectorElementwise ops down to values in `known` (an
// anchor's result) and to other tensors, for which `leaf` is asked once each. Adds everything it finds to `known`.
mlir::Value evaluateElementwise(KernelBuilder &b, mlir::Value tensor, LaneValues &known,
                                llvm::function_ref<mlir::Value(mlir::Value)> leaf);

// Loads lanes [column, column + lanes) of row `row` of operand `tensor` (a block argument, row-major, or [D] read alike
// in every row) as f32. `count`: lanes inside the row, null for all.
mlir::Value loadOperand(KernelBuilder &b, mlir::Value tensor, mlir::Value row, mlir::Value column,
                        mlir::Value count = {});
// Stores f32 lanes into row-major `type` at `pointer`, rounded to its element type.
void storeLanesOf(KernelBuilder &b, mlir::Value lanes, mlir::RankedTensorType type, mlir::Value pointer,
                  mlir::Value row, mlir::Value column, mlir::Value count = {});

} // namespace tenon::codegen
