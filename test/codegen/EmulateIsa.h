// A test-only lowering: instructions that the machine at hand may lack (vdpbf16ps, vpdpbusd, AMX tiles) become plain
// vector ops with the same meaning, so that kernels written for them run anywhere with AVX2. Slow.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace tenon::test {

// Rewrites the intrinsics in the structured ops of one emitted kernel.
mlir::LogicalResult emulateIsa(mlir::ModuleOp module);

} // namespace tenon::test
