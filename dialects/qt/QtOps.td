#ifndef TENON_QT_OPS
#define TENON_QT_OPS

include "dialects/qt/QtAttrs.td"

def Qt_QuantizedType : TypeDef<Qt_Dialect, "Quantized", [DeclareTypeInterfaceMethods<QuantizedElement>]> {
  let mnemonic = "quantized";
  let summary = "an element of a quantized tensor";
  let description = "Example: `tensor<704x256x!qt.quantized<#qt.q4_0>>`.";
  let parameters = (ins "::mlir::Attribute":$scheme);
  let assemblyFormat = "`<` $scheme `>`";
  let genVerifyDecl = 1;
}

def Qt_QuantizeRowsOp : Qt_Op<"quantize_rows", [Pure, DeclareOpInterfaceMethods<FusionRole>, DeclareOpInterfaceMethods<CostModel>]> {
  let summary = "rows of activations in 8 bits, with scales found as the step runs";
  let description = [{
    For every group of a row: scale = max |x| / 127; code = round_half_even(x / scale); and the sums of codes that the scheme asks for.

    ```mlir
    %q = qt.quantize_rows %x : tensor<?x256xf32> -> tensor<?x256x!qt.quantized<#qt.rows_int8<group = 0, sums = 32, zero = 8>>>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$x);
  let results = (outs 2DTensorOf<[Qt_QuantizedType]>:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

#endif
