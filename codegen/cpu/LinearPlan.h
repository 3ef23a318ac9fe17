// What a linear kernel computes, read off its region: one prepared input, and groups of linears that meet in an
// epilogue.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"

namespace tenon::codegen::cpu {

// Linears whose results are combined elementwise (gate and up), or one alone (q). All have `columns` outputs; panel p
// of each is computed together, so that the epilogue finds all operands in registers.
struct LinearGroup {
  llvm::SmallVector<model::LinearOp> linears;
  llvm::SmallVector<unsigned> results; // of the kernel, made from these linears only
  int64_t columns = 0;

  int64_t wholePanels() const { return columns / 16; }
  int64_t panels() const { return (columns + 15) / 16; }
  int64_t raggedLanes() const { return columns % 16; }
};

struct LinearPlan {
  mlir::Value x; // [rows][depth]: an operand, or prepared from operands (RowPrep)
  int64_t rows = 0, depth = 0;
  mlir::Type weightType; // element type and layout of all weights
  kernel::PackedAttr layout;
  llvm::SmallVector<LinearGroup> groups; // in the order of the kernel's results

  // How quantized weights are stored.
  qt::Storage storage() const {
    return mlir::cast<qt::Scheme>(mlir::cast<qt::QuantizedType>(weightType).getScheme()).getStorage();
  }
  // Whether weights are quantized and packed as panels; fails with a diagnostic.
  mlir::LogicalResult verifyLayout(kernel::FuncOp func) const;
  // And whether codes of weights and rows can be multiplied.
  mlir::LogicalResult verifyCodes(kernel::FuncOp func) const;

  // Fails with a diagnostic for what the linear emitter does not do.
  static mlir::FailureOr<LinearPlan> of(kernel::FuncOp func);
};

} // namespace tenon::codegen::cpu
