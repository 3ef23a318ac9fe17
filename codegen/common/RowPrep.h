// Row preparation: what a kernel does to whole rows of its input before the anchor multiplies them: select_rows,
// rms_norm and elementwise ops (cast), in any order, and quantize_rows as the last (QuantizeRow.h). Inlined in a linear
// kernel for few rows, a kernel of its own (anchor `norm`) for many.
#pragma once

#include "codegen/common/ElementwiseTree.h"

namespace tenon::codegen {

// Row `row` of one tensor of floats of the kernel's region.
class RowPrep {
public:
  // Whether `tensor` is an operand as it is.
  static bool isOperand(mlir::Value tensor) { return mlir::isa<mlir::BlockArgument>(tensor); }
  // Fails with a diagnostic at the op that cannot be prepared. `tensor` may be quantized rows of what can.
  static mlir::LogicalResult verify(mlir::Value tensor);

  // Emits what is done once for the row: looks rows up, sums squares. `tensor` passed verify; `row` is i64.
  RowPrep(KernelBuilder &builder, mlir::Value tensor, mlir::Value row);

  // f32 lanes [column, column + 16); `count`: lanes inside the row, null for all.
  mlir::Value at(mlir::Value column, mlir::Value count = {});
  // The whole row in the tensor's element type, then zeros up to `paddedColumns` (a multiple of 16).
  void writeTo(mlir::Value destination, int64_t paddedColumns);
  // Calls `body` for all columns in steps of 16 lanes, `count` null but for a ragged last step.
  void forColumns(llvm::function_ref<void(mlir::Value column, mlir::Value count)> body);

private:
  static mlir::LogicalResult verifyFloats(mlir::Value tensor);
  void begin(mlir::Value value, mlir::Value row);
  mlir::Value evaluate(mlir::Value value, mlir::Value column, mlir::Value count);
  mlir::Value inverseRms(mlir::Value x, int64_t columns, double eps);

  KernelBuilder &b;
  mlir::Value tensor;
  int64_t columns;
  llvm::DenseMap<mlir::Value, mlir::Value> rowOf;   // tensor -> its row
  llvm::DenseMap<mlir::Value, mlir::Value> scaleOf; // result of a norm -> 1 / rms, a scalar
};

} // namespace tenon::codegen
