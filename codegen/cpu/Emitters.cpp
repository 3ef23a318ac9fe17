#include "codegen/cpu/Emitters.h"

using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static constexpr Emitter kEmitters[] = {
    {"attention", emitAttention}, {"combine", emitCombine},
    {"cache", emitCacheAppend},   {"elementwise", emitElementwise},
    {"gather", emitGather},       {"linear", emitLinear},
    {"norm", emitNorm},
};

llvm::ArrayRef<Emitter> tenon::codegen::cpu::emitters() { return kEmitters; }

EmitFn tenon::codegen::cpu::findEmitter(kernel::FuncOp func) {
  for (const Emitter &emitter : kEmitters)
    if (func.getAnchor() == emitter.anchor)
      return emitter.emit;
  return nullptr;
}
