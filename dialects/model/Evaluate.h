// Runs regions of `model` ops through their reference evaluation.
#pragma once

#include "dialects/interfaces/Reference.h"
#include "mlir/IR/Region.h"

namespace tenon::model {

// Evaluates the ops of a one-block region in order; `inputs` are its block arguments, the result is what its terminator
// hands out. Serves func.func, kernel.group and kernel.func bodies alike. Caches among the inputs are updated in place.
// Fails with a diagnostic where an op has no reference evaluation or refuses its operands.
mlir::FailureOr<llvm::SmallVector<ref::Value>> evaluateRegion(mlir::Region &region, llvm::ArrayRef<ref::Value> inputs,
                                                              ref::Context &context);

} // namespace tenon::model
