// Every op and attribute of `kernel` prints as it parses.
// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s

// The target is written once.
// CHECK: #target = #kernel.target<"cpu:x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {vector_bits = 256 : i64}>
// CHECK: kernel.func @linear_0 "linear" (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> target #target tiling <dot = "fma", rows = 4, panels = 2, depth = 0, streams = 8, prefetch = 2048> layouts [unit, #kernel.packed<n = 16, k = 2>] attributes {step = 3 : i64}
kernel.func @linear_0 "linear" (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32>
    target <"cpu:x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {vector_bits = 256}>
    tiling <dot = "fma", rows = 4, panels = 2, depth = 0, streams = 8, prefetch = 2048>
    layouts [unit, #kernel.packed<n = 16, k = 2>] attributes {step = 3} {
^bb0(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>):
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
  // CHECK: kernel.yield %{{.*}} : tensor<4x48xf32>
  kernel.yield %y : tensor<4x48xf32>
}

// A kernel with no results ends without a yield in the text.
// CHECK: kernel.func @append_0 "cache" (tensor<4x16xf32>, !model.cache<8 x 16 x 2 x 8 x bf16>, tensor<4xi32>, tensor<2x4xi32>) -> ()
kernel.func @append_0 "cache" (tensor<4x16xf32>, !model.cache<8 x 16 x 2 x 8 x bf16>, tensor<4xi32>, tensor<2x4xi32>) -> () {
^bb0(%k: tensor<4x16xf32>, %c: !model.cache<8 x 16 x 2 x 8 x bf16>, %p: tensor<4xi32>, %b: tensor<2x4xi32>):
  model.cache_append %k, %k into %c at %p, %p, %b
    : tensor<4x16xf32>, tensor<4x16xf32>, !model.cache<8 x 16 x 2 x 8 x bf16>, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
}

// CHECK: model.weight @w : tensor<48x32xbf16> from #model.checkpoint<"w", tensor<48x32xbf16>> recipe [#kernel.packed<n = 16, k = 2>]
model.weight @w : tensor<48x32xbf16> from #model.checkpoint<"w", tensor<48x32xbf16>> recipe [#kernel.packed<n = 16, k = 2>]

// CHECK-LABEL: func.func @use
func.func @use(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>) -> tensor<4x48xf32> {
  // CHECK: kernel.group "linear"(%{{.*}}, %{{.*}}) : (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> {
  %y = kernel.group "linear" (%x, %w) : (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> {
  ^bb0(%a: tensor<4x32xf32>, %b: tensor<48x32xbf16>):
    %r = model.linear %a, %b : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
    kernel.yield %r : tensor<4x48xf32>
  }
  // CHECK: kernel.launch @linear_0(%{{.*}}, %{{.*}}) : (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32>
  %z = kernel.launch @linear_0(%x, %w) : (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32>
  return %z : tensor<4x48xf32>
}
