#include "codegen/Target.h"
#include "codegen/cpu/CpuTarget.h"

using namespace tenon::codegen;

llvm::ArrayRef<const Target *> tenon::codegen::allTargets() {
  static const Target *const targets[] = {&cpu::cpuTarget()};
  return targets;
}

const Target *tenon::codegen::findTarget(llvm::StringRef spec) {
  for (const Target *target : allTargets())
    if (spec.starts_with(target->prefix()))
      return target;
  return nullptr;
}
