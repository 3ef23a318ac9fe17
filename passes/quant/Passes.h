// Passes of this folder: Passes.td says what each expects and leaves.
#pragma once

#include "dialects/qt/Qt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "passes/quant/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/quant/Passes.h.inc"
} // namespace tenon
