// The `engine` dialect. Meaning: EngineOps.td and EngineAttrs.td; the file it becomes: runtime/schema/engine.fbs.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/engine/EngineDialect.h.inc"
#include "dialects/engine/EngineEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/engine/EngineAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/engine/EngineOps.h.inc"

namespace tenon::engine {
// Every buffer starts at a multiple of this many bytes.
inline constexpr uint64_t kSliceAlignment = 64;
// Sizes of the kv, io and arena regions are multiples of this many bytes.
inline constexpr uint64_t kRegionAlignment = 4096;
} // namespace tenon::engine
