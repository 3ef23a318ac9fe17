// Ops that map equal positions of their operands.
#ifndef TENON_MODEL_ELEMENTWISE
#define TENON_MODEL_ELEMENTWISE

include "dialects/model/ops/Rows.td"

class Model_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Model_KernelOp<mnemonic, "Elementwise", "elementwise", !listconcat(traits, [Pure, DeclareOpInterfaceMethods<CostModel>,
                                                                            DeclareOpInterfaceMethods<VectorElementwise>])>;

def Model_AddOp : Model_ElementwiseOp<"add", [SameOperandsAndResultType, Commutative]> {
  let summary = "the sum of two tensors";
  let description = [{
    y[n, d] = a[n, d] + b[n, d]

    ```mlir
    %y = model.add %a, %b : tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$a, Model_Activations:$b);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($result)";
}

def Model_MulOp : Model_ElementwiseOp<"mul", [SameOperandsAndResultType, Commutative]> {
  let summary = "the elementwise product of two tensors";
  let description = [{
    y[n, d] = a[n, d] * b[n, d]

    ```mlir
    %y = model.mul %a, %b : tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$a, Model_Activations:$b);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($result)";
}

def Model_ActivationOp : Model_ElementwiseOp<"activation", [SameOperandsAndResultType]> {
  let summary = "an activation function of every element";
  let description = [{
    y[n, d] = f(x[n, d]), where f(x) is for silu: x / (1 + exp(-x)); gelu: x/2 * (1 + erf(x / sqrt 2));
    gelu_tanh: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))); relu: max(x, 0).

    ```mlir
    %y = model.activation silu %x : tensor<?x704xf32>
    ```
  }];
  let arguments = (ins Model_ActivationKindAttr:$kind, Model_Activations:$x);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "`` $kind $x attr-dict `:` type($result)";
}

def Model_CastOp : Model_ElementwiseOp<"cast"> {
  let summary = "the same numbers in another element type, rounded to nearest even";
  let description = [{
    Inserted where a target multiplies in bf16: the rounding is part of the program, so the reference sees it too.

    ```mlir
    %y = model.cast %x : tensor<?x256xf32> -> tensor<?x256xbf16>
    ```
  }];
  let arguments = (ins Model_Activations:$x);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

#endif
