// RUN: split-file %s %t
// RUN: cat %t/bf16.mlir %t/body.mlir %t/end.mlir | tenon-opt --narrow-activations | FileCheck %s --check-prefix=BF16
// RUN: cat %t/fma.mlir %t/body.mlir %t/end.mlir | tenon-opt --narrow-activations | FileCheck %s --check-prefix=FMA
// RUN: not tenon-opt %t/body.mlir --narrow-activations 2>&1 | FileCheck %s --check-prefix=NONE

// NONE: module has no target, expected the attribute 'kernel.target' with a #kernel.target

// Siblings share one cast; f16 weights and rows that are bf16 already are left alone.
// BF16-LABEL: func.func @use
// BF16: %[[N:.*]] = model.cast %arg0 : tensor<?x32xf32> -> tensor<?x32xbf16>
// BF16: model.linear %[[N]], %arg1 : tensor<?x32xbf16>, tensor<48x32xbf16> -> tensor<?x48xf32>
// BF16: model.linear %[[N]], %arg2 : tensor<?x32xbf16>
// BF16: model.linear %arg0, %arg3 : tensor<?x32xf32>, tensor<48x32xf16>
// BF16-NOT: model.cast
// BF16: model.linear %arg4, %arg1 : tensor<?x32xbf16>

// Attention multiplies what its cache holds.
// BF16-LABEL: func.func @attend
// BF16: model.attention {{.*}} scale 5.000000e-01 narrow : tensor<?x8xf32>, <4 x 64 x 1 x 8 x bf16>
// BF16: model.attention {{.*}} scale 5.000000e-01 : tensor<?x8xf32>, <4 x 64 x 1 x 8 x f16>

// FMA-LABEL: func.func @use
// FMA-NOT: model.cast
// FMA-NOT: narrow

//--- bf16.mlir
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+avx512bf16"], "bf16", {}>} {
//--- fma.mlir
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
//--- end.mlir
}
//--- body.mlir
func.func @use(%x: tensor<?x32xf32>, %a: tensor<48x32xbf16>, %b: tensor<48x32xbf16>, %c: tensor<48x32xf16>, %narrow: tensor<?x32xbf16>)
    -> (tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>) {
  %0 = model.linear %x, %a : tensor<?x32xf32>, tensor<48x32xbf16> -> tensor<?x48xf32>
  %1 = model.linear %x, %b : tensor<?x32xf32>, tensor<48x32xbf16> -> tensor<?x48xf32>
  %2 = model.linear %x, %c : tensor<?x32xf32>, tensor<48x32xf16> -> tensor<?x48xf32>
  %3 = model.linear %narrow, %a : tensor<?x32xbf16>, tensor<48x32xbf16> -> tensor<?x48xf32>
  return %0, %1, %2, %3 : tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>
}
func.func @attend(%q: tensor<?x8xf32>, %a: !model.cache<4 x 64 x 1 x 8 x bf16>, %b: !model.cache<4 x 64 x 1 x 8 x f16>, %s: tensor<?x4xi32>, %t: tensor<2x2xi32>) {
  %0 = model.attention %q over %a at %s, %t heads 1 scale 0.5 : tensor<?x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<?x4xi32>, tensor<2x2xi32> -> tensor<?x8xf32>
  %1 = model.attention %q over %b at %s, %t heads 1 scale 0.5 : tensor<?x8xf32>, !model.cache<4 x 64 x 1 x 8 x f16>, tensor<?x4xi32>, tensor<2x2xi32> -> tensor<?x8xf32>
  return
}
