// How a launch passes a kernel's operands: `void kernel(void *const *args, uint32_t worker, uint32_t workers)`.
//
// args holds, for each operand in order and then each result, one pointer to row-major elements (to the packed bytes
// where the operand has a layout); a !model.cache operand takes two: the layer's keys, then its values
// (dialects/model/CacheLayout.h).
// Pointers are 64-byte aligned. Results overlap no operand; caches are updated in place.
#pragma once

#include "mlir/IR/BuiltinTypes.h"

namespace tenon::codegen {

// Pointers that one operand or result of `type` takes in args.
unsigned pointersFor(mlir::Type type);
// All pointers of a kernel.
unsigned kernelPointers(mlir::FunctionType type);

} // namespace tenon::codegen
