// The `kernel` dialect: how a device runs it.
#ifndef TENON_KERNEL_BASE
#define TENON_KERNEL_BASE

include "dialects/interfaces/Interfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::tenon::kernel";
  let summary = "which ops share a kernel, and how a device runs it";
  let description = [{
    A kernel is a region of `model` ops around one anchor: row-preparing prologue ops, the anchor (several sibling linears count as
    one), elementwise epilogue ops. The region says what; `target`, `tiling` and the packed layouts of its weights say how.
    Kernels name no symbol: weights and caches are operands, so that identical layers share one kernel.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

#endif
