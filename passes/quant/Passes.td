// Phase `formats`: in which number format each weight and cache is stored, and where activations are narrowed.
#ifndef TENON_QUANT_PASSES
#define TENON_QUANT_PASSES

include "mlir/Pass/PassBase.td"

def SetWeightFormats : Pass<"set-weight-formats", "::mlir::ModuleOp"> {
  let dependentDialects = ["::tenon::qt::QtDialect"];
  let summary = "Choose the element type of every weight and cache";
  let description = [{
    Matrices from the checkpoint get the format that the recipe `format` gives them: a default, then PATTERN=FORMAT entries
    (passes/quant/FormatRecipe.h). `auto` turns f32 into bf16 and leaves other types as they are. A quantized default is for the matrices
    that linears multiply with; a table that is read by rows only is quantized where a pattern names it. A pattern that matches no matrix is an error.
    Vectors (norm gains, biases) and generated tables become f32: they are small and their error would touch every element.
    Caches are what `kv` says; `auto` follows the matrices: the default where it is f32, f16 or bf16; otherwise f16 where every matrix is f16 (before it is quantized) and bf16 elsewhere.
    A changed weight gets a `#model.convert` or `#qt.quantize` step at the end of its recipe.
  }];
  let options = [Option<"format", "format", "std::string", "\"auto\"", "recipe, such as int4_wo:g128; lm_head=int8_wo">,
                 Option<"kv", "kv", "std::string", "\"auto\"", "auto, bf16, f16, f32 or int8">];
}

def QuantizeActivations : Pass<"quantize-activations", "::mlir::ModuleOp"> {
  let dependentDialects = ["::tenon::qt::QtDialect"];
  let summary = "Quantize the input of linear layers whose weights are quantized";
  let description = [{
    Inserts `qt.quantize_rows` before every linear with quantized weights and f32 input. Linears with equal input and equal row scheme share one.
    `mode` auto: codes of 8 bits with a scale for every 32 inputs. int8: with one scale per row, which takes the fewest scalings and suffers from
    outliers. float: none, the kernels dequantize weights instead. Sums of codes go as far as the scales of both sides do.
  }];
  let options = [Option<"mode", "mode", "std::string", "\"auto\"", "auto, int8 or float">];
}

def NarrowActivations : Pass<"narrow-activations", "::mlir::ModuleOp"> {
  let summary = "Round the input of linear layers to bf16 where the target multiplies in bf16";
  let description = [{
    Inserts `model.cast` before every linear with bf16 weights and f32 input, for all row counts alike so that decode and prefill round
    alike. Linears with the same input share one cast. Attention over a cache of bf16 or i8 becomes `narrow` for the same reason. Does nothing where the module's target multiplies in f32 (dot "fma").
  }];
}

def VerifyFormats : Pass<"verify-formats", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `formats` promises";
  let description = [{
    Every weight and cache symbol has a stored type, vectors and generated tables are f32, and where the target multiplies in bf16 no linear
    reads f32 rows against bf16 weights and attention over caches of bf16 or i8 is narrow. Quantized rows and weights have groups of which one divides the other,
    and the sums that both together ask for.
  }];
}

#endif
