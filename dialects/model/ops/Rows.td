// Ops on whole rows: gathers, norms, linear layers.
#ifndef TENON_MODEL_ROWS
#define TENON_MODEL_ROWS

include "dialects/model/ModelAttrs.td"
include "dialects/model/ModelTypes.td"

// An op of a kernel's body: its part there and the emitter of a kernel that it leads.
class Model_KernelOp<string mnemonic, string role, string anchor, list<Trait> traits>
    : Model_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<FusionRole>])> {
  let extraClassDefinition =
      "::tenon::Role $cppClass::getFusionRole() { return ::tenon::Role::" # role # "; }\n"
      "::llvm::StringRef $cppClass::getAnchorName() { return \"" # anchor # "\"; }\n";
}

class Model_AnchorOp<string mnemonic, string anchor, list<Trait> traits = []>
    : Model_KernelOp<mnemonic, "Anchor", anchor, !listconcat(traits, [DeclareOpInterfaceMethods<CostModel, ["getWeightBytes"]>])>;

class Model_PrologueOp<string mnemonic, string anchor, list<Trait> traits = []>
    : Model_KernelOp<mnemonic, "Prologue", anchor, !listconcat(traits, [DeclareOpInterfaceMethods<CostModel>])>;

def Model_EmbeddingOp : Model_AnchorOp<"embedding", "gather", [Pure]> {
  let summary = "rows of a table by token id";
  let description = [{
    y[n, d] = table[tokens[n], d], widened to f32. An id outside the table is the caller's error; the reference evaluation fails on it.

    ```mlir
    %y = model.embedding %tokens, %table : tensor<?xi32>, tensor<4096x256xbf16> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Indices:$tokens, Model_Matrix:$table);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` type($tokens) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def Model_SelectRowsOp : Model_PrologueOp<"select_rows", "norm", [Pure]> {
  let summary = "the rows that an index list names";
  let description = [{
    y[m, d] = x[rows[m], d]. Used before the head, so that only rows that sample pay for the vocabulary.

    ```mlir
    %y = model.select_rows %x, %rows : tensor<?x256xf32>, tensor<?xi32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$x, Model_Indices:$rows);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x `,` $rows attr-dict `:` type($x) `,` type($rows) `->` type($result)";
  let hasVerifier = 1;
}

def Model_RmsNormOp : Model_PrologueOp<"rms_norm", "norm", [Pure]> {
  let summary = "root-mean-square normalisation of each row";
  let description = [{
    y[n, d] = x[n, d] / sqrt(mean_d(x[n, :]^2) + eps) * gain[d], computed in f32 whatever the element type.

    ```mlir
    %y = model.rms_norm %x, %gain eps 1.0e-5 : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$x, Model_Vector:$gain, F64Attr:$eps);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x `,` $gain `eps` $eps attr-dict `:` type($x) `,` type($gain) `->` type($result)";
  let hasVerifier = 1;
}

def Model_LinearOp : Model_AnchorOp<"linear", "linear", [Pure]> {
  let summary = "a linear layer";
  let description = [{
    y[n, o] = sum_k x[n, k] * weight[o, k] (+ bias[o]), accumulated in f32. The weight is stored [out, in] as checkpoints have it.
    Where both sides are quantized, the products of codes inside a group are summed exactly in int32, and the group sums scaled in f32.

    ```mlir
    %y = model.linear %x, %w : tensor<?x256xf32>, tensor<704x256xbf16> -> tensor<?x704xf32>
    %z = model.linear %x, %w bias %b : tensor<?x256xf32>, tensor<704x256xbf16>, tensor<704xf32> -> tensor<?x704xf32>
    ```
  }];
  let arguments = (ins Model_Multiplied:$x, Model_Matrix:$weight, Optional<Model_Vector>:$bias);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? attr-dict `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)";
  let hasVerifier = 1;
}

#endif
