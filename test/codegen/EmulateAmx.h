// AMX on plain vectors: the eight tile registers and their configuration live in stack memory of the emulated function.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon::test {

// Rewrites ldtilecfg, tilerelease, tileloadd64, tilestored64, tilezero, tdpbf16ps and tdpbsud, with the shapes that the
// configuration gives at run time: a wrong configuration shows in the results. Products and sums are ordered as the
// instruction orders them.
void emulateAmx(mlir::func::FuncOp func);

} // namespace tenon::test
