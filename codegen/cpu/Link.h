// From object files to one shared object, in memory.
#pragma once

#include "codegen/Target.h"
#include "llvm/ADT/SmallVector.h"

namespace tenon::codegen::cpu {

using ObjectFile = llvm::SmallVector<char, 0>;

// Links `objects` in their order with the linker in this process. The result needs no library and has no undefined
// symbol, or linking fails with the linker's message. The bytes depend on the objects only. Threads: one link at a
// time, others wait.
mlir::FailureOr<CodeImage> linkSharedObject(llvm::ArrayRef<ObjectFile> objects, EmitError emitError);

} // namespace tenon::codegen::cpu
