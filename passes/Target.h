// The target that a module is compiled for: the module attribute `kernel.target`, set before the phase `formats`.
#pragma once

#include "dialects/kernel/Kernel.h"

namespace tenon {

inline constexpr llvm::StringLiteral kTargetAttribute = "kernel.target";

// The module's target, or null after a diagnostic.
inline kernel::TargetAttr getTarget(mlir::Operation *module) {
  auto target = module->getAttrOfType<kernel::TargetAttr>(kTargetAttribute);
  if (!target)
    module->emitError("module has no target, expected the attribute 'kernel.target' with a #kernel.target");
  return target;
}

} // namespace tenon
