// Phase `tile`: how each kernel is scheduled and in which order its weights are stored.
#ifndef TENON_TILE_PASSES
#define TENON_TILE_PASSES

include "mlir/Pass/PassBase.td"

def ChooseTiling : Pass<"choose-tiling", "::mlir::ModuleOp"> {
  let dependentDialects = ["::tenon::kernel::KernelDialect"];
  let summary = "Set target, tiling and operand layouts of every kernel, and the packed layout of every linear's weight";
  let description = [{
    Reads the module's `kernel.target` and the shapes; measures nothing. A weight that any linear multiplies with is packed in panels of 16 columns (two
    values deep for bf16, one for f32 and f16), and the layout goes to the end of its recipe. A table that is also read by rows (a tied
    embedding) is stored once, packed. Quantized matrices are always packed, as their scheme says. A kernel whose launches disagree about an operand's layout is an error.
  }];
}

def VerifyTiling : Pass<"verify-tiling", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `tile` promises";
  let description = [{
    Every kernel has target, tiling and layouts; accumulators fit the target's registers; each weight's recipe ends in the layout
    that every launch reading it expects.
  }];
}

#endif
