#include "codegen/common/Abi.h"
#include "dialects/model/Model.h"

using namespace mlir;

unsigned tenon::codegen::pointersFor(Type type) { return isa<model::CacheType>(type) ? 2 : 1; }

unsigned tenon::codegen::kernelPointers(FunctionType type) {
  unsigned count = 0;
  for (Type operand : type.getInputs())
    count += pointersFor(operand);
  return count + type.getNumResults();
}
