// Which weight each operand of each launch reads, and how it is stored.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "mlir/IR/BuiltinOps.h"

namespace tenon {

// The packed layout at the end of a weight's recipe, null where it is stored row-major.
kernel::PackedAttr layoutOf(model::WeightOp weight);

// Valid while the module's launches, kernels and weights stay.
class WeightUses {
public:
  explicit WeightUses(mlir::ModuleOp module);

  mlir::ArrayRef<kernel::LaunchOp> launches() const { return allLaunches; } // in program order
  kernel::FuncOp kernelOf(kernel::LaunchOp launch) const { return kernels.at(launch.getKernelAttr().getAttr()); }
  // The symbol that `operand` was read from, null where it is none.
  model::WeightOp weightOf(mlir::Value operand) const;
  // The layouts that a launch expects of its kernel: one for each operand, `unit` for row-major.
  mlir::ArrayAttr layoutsOf(kernel::LaunchOp launch) const;

private:
  llvm::SmallVector<kernel::LaunchOp> allLaunches;
  llvm::DenseMap<mlir::StringAttr, kernel::FuncOp> kernels; // looked up only
  llvm::DenseMap<mlir::StringAttr, model::WeightOp> weights;
};

} // namespace tenon
