// The one way in which groups change: a new group is formed from ops and smaller groups.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

// Forms a group led by `anchor` before `position` from `members`: ops of one block in an order that respects their
// uses; a member that is a group gives its ops. Inputs are the outer values in order of first use, results the values
// that are still used outside, in order. The members are gone afterwards, and uses of their results are the group's.
// The caller vouches that every outer operand is defined before `position` and every outer user stands after it;
// `position` is a member or a later op.
kernel::GroupOp formGroup(mlir::StringRef anchor, mlir::ArrayRef<mlir::Operation *> members, mlir::Operation *position);

// The outer value that `inner` stands for: a group's input for its block argument, else null.
mlir::Value outerValue(kernel::GroupOp group, mlir::Value inner);

// The first op in `group` that leads its kind of kernel (its anchor).
mlir::Operation *anchorOf(kernel::GroupOp group);

// The blocks of entries are straight lines: each op's place in `block`, for comparing without renumbering.
llvm::DenseMap<mlir::Operation *, unsigned> numberOps(mlir::Block &block);

} // namespace tenon
