// Emitters: one per anchor, each turns a kernel.func into structured code (scf, arith, math, vector, llvm memory ops).
#pragma once

#include "codegen/common/KernelBuilder.h"

namespace tenon::codegen {

// Emits the body of `func` at the builder's insertion point. Fails with a diagnostic at `func` or one of its ops for
// what the target or the emitter cannot do, before anything reaches LLVM (which would end the process).
using EmitFn = mlir::LogicalResult (*)(KernelBuilder &builder, kernel::FuncOp func);

struct Emitter {
  llvm::StringLiteral anchor; // FusionRole::getAnchorName of the op it is written around
  EmitFn emit;
};

} // namespace tenon::codegen
