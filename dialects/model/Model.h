// The `model` dialect: its types, attributes and ops. Meaning: the op descriptions in ops/*.td.
#pragma once

#include "dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/model/ModelDialect.h.inc"
#include "dialects/model/ModelEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/model/ModelAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/model/ModelTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/model/ModelOps.h.inc"
