// Op and attribute interfaces shared by all dialects. See Interfaces.td for what each asks.
#pragma once

#include "dialects/interfaces/Reference.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OpDefinition.h"

namespace tenon {
enum class Role { Anchor, Prologue, Elementwise };
} // namespace tenon

#include "dialects/interfaces/AttrInterfaces.h.inc"
#include "dialects/interfaces/OpInterfaces.h.inc"
#include "dialects/interfaces/TypeInterfaces.h.inc"
