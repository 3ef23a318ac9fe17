// Registration and generated definitions of the `engine` dialect.
#include "dialects/engine/Engine.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace tenon::engine;

#include "dialects/engine/EngineDialect.cpp.inc"
#include "dialects/engine/EngineEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/engine/EngineAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/engine/EngineOps.cpp.inc"

void EngineDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/engine/EngineAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/engine/EngineOps.cpp.inc"
      >();
}
