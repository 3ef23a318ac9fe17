// Phase `formats`: in which number format each weight and cache is stored, and where activations are narrowed.
#ifndef TENON_QUANT_PASSES
#define TENON_QUANT_PASSES

include "mlir/Pass/PassBase.td"

def SetWeightFormats : Pass<"set-weight-formats", "::mlir::ModuleOp"> {
  let summary = "Choose the element type of every weight and cache";
  let description = [{
    Matrices from the checkpoint get the type that `format` names; `auto` turns f32 into bf16 and leaves 16-bit types as they are.
    Vectors (norm gains, biases) and generated tables become f32: they are small and their error would touch every element.
    Caches follow the matrices: f32, f16 or bf16; with `auto`, f16 where every matrix is f16 and bf16 otherwise.
    A changed weight gets a `#model.convert` step at the end of its recipe.
  }];
  let options = [Option<"format", "format", "std::string", "\"auto\"", "bf16, fp16, fp32 or auto">];
}

def NarrowActivations : Pass<"narrow-activations", "::mlir::ModuleOp"> {
  let summary = "Round the input of linear layers to bf16 where the target multiplies in bf16";
  let description = [{
    Inserts `model.cast` before every linear with bf16 weights and f32 input, for all row counts alike so that decode and prefill round
    alike. Linears with the same input share one cast. Does nothing where the module's target multiplies in f32 (dot "fma").
  }];
}

def VerifyFormats : Pass<"verify-formats", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `formats` promises";
  let description = [{
    Every weight and cache symbol has a stored float type, vectors and generated tables are f32, and where the target multiplies in bf16 no linear
    reads f32 rows against bf16 weights.
  }];
}

#endif
