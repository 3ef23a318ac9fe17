// The `engine` dialect: what is shipped. Mirrors runtime/schema/engine.fbs; numbers mean what they mean there.
#ifndef TENON_ENGINE_BASE
#define TENON_ENGINE_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Engine_Dialect : Dialect {
  let name = "engine";
  let cppNamespace = "::tenon::engine";
  let summary = "what is shipped: memory, buffers and the steps of each program";
  let description = [{
    Every address is decided: an argument of a launch is a slice of a region, and the runtime's loop needs no more than a table. One
    `engine.variant` is the plan for one target. The code of a launch is the `kernel.func` of the same name beside the variant.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Engine_Op<string mnemonic, list<Trait> traits = []> : Op<Engine_Dialect, mnemonic, traits>;

#endif
