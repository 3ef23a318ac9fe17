// The CPU emitters, one file each. The schedule of each stands in the comment that opens its file.
#pragma once

#include "codegen/common/Emitter.h"

namespace tenon::codegen::cpu {

mlir::LogicalResult emitLinear(KernelBuilder &b, kernel::FuncOp func);      // Linear.cpp
mlir::LogicalResult emitAttention(KernelBuilder &b, kernel::FuncOp func);   // Attention.cpp
mlir::LogicalResult emitCombine(KernelBuilder &b, kernel::FuncOp func);     // AttentionCombine.cpp
mlir::LogicalResult emitCacheAppend(KernelBuilder &b, kernel::FuncOp func); // CacheAppend.cpp
mlir::LogicalResult emitGather(KernelBuilder &b, kernel::FuncOp func);      // Gather.cpp
mlir::LogicalResult emitNorm(KernelBuilder &b, kernel::FuncOp func);        // Norm.cpp
mlir::LogicalResult emitElementwise(KernelBuilder &b, kernel::FuncOp func); // Elementwise.cpp

llvm::ArrayRef<Emitter> emitters();
// The emitter for `func`'s anchor, null for none.
EmitFn findEmitter(kernel::FuncOp func);

} // namespace tenon::codegen::cpu
