// The layout of each weight goes to its recipe and to the kernels that read it.
// RUN: tenon-opt %s --split-input-file --choose-tiling --verify-tiling --verify-diagnostics | FileCheck %s

// Linear weights are packed, two bf16 deep; f16 weights one deep; a table that is only gathered from stays as it is.
// CHECK: model.weight @w : tensor<48x64xbf16> {{.*}} recipe [#kernel.packed<n = 16, k = 2>]
// CHECK: model.weight @h : tensor<48x64xf16> {{.*}} recipe [#model.convert<f16>, #kernel.packed<n = 16, k = 1>]
// CHECK: model.weight @table : tensor<48x64xbf16> {{.*}} recipe []
// CHECK: kernel.func @linear {{.*}} layouts [unit, #kernel.packed<n = 16, k = 2>]
// CHECK: kernel.func @half {{.*}} layouts [unit, #kernel.packed<n = 16, k = 1>]
// CHECK: kernel.func @gather {{.*}} layouts [unit, unit]
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  model.weight @w : tensor<48x64xbf16> from #model.checkpoint<"w", tensor<48x64xbf16>> recipe []
  model.weight @h : tensor<48x64xf16> from #model.checkpoint<"h", tensor<48x64xf32>> recipe [#model.convert<f16>]
  model.weight @table : tensor<48x64xbf16> from #model.checkpoint<"table", tensor<48x64xbf16>> recipe []
  kernel.func @linear "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @half "linear" (tensor<1x64xf32>, tensor<48x64xf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @gather "gather" (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32> {
  ^bb0(%t: tensor<1xi32>, %w: tensor<48x64xbf16>):
    %0 = model.embedding %t, %w : tensor<1xi32>, tensor<48x64xbf16> -> tensor<1x64xf32>
    kernel.yield %0 : tensor<1x64xf32>
  }
  func.func @f(%t: tensor<1xi32>) -> (tensor<1x48xf32>, tensor<1x48xf32>) {
    %table = model.get_weight @table : tensor<48x64xbf16>
    %w = model.get_weight @w : tensor<48x64xbf16>
    %h = model.get_weight @h : tensor<48x64xf16>
    %x = kernel.launch @gather(%t, %table) : (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32>
    %0 = kernel.launch @linear(%x, %w) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    %1 = kernel.launch @half(%x, %h) : (tensor<1x64xf32>, tensor<48x64xf16>) -> tensor<1x48xf32>
    return %0, %1 : tensor<1x48xf32>, tensor<1x48xf32>
  }
}

// -----

// A tied embedding is stored once, packed, and the gather reads it so.
// CHECK: model.weight @tied : tensor<48x64xbf16> {{.*}} recipe [#kernel.packed<n = 16, k = 2>]
// CHECK: kernel.func @gather {{.*}} layouts [unit, #kernel.packed<n = 16, k = 2>]
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  model.weight @tied : tensor<48x64xbf16> from #model.checkpoint<"tied", tensor<48x64xbf16>> recipe []
  kernel.func @linear "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @gather "gather" (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32> {
  ^bb0(%t: tensor<1xi32>, %w: tensor<48x64xbf16>):
    %0 = model.embedding %t, %w : tensor<1xi32>, tensor<48x64xbf16> -> tensor<1x64xf32>
    kernel.yield %0 : tensor<1x64xf32>
  }
  func.func @f(%t: tensor<1xi32>) -> tensor<1x48xf32> {
    %tied = model.get_weight @tied : tensor<48x64xbf16>
    %x = kernel.launch @gather(%t, %tied) : (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32>
    %0 = kernel.launch @linear(%x, %tied) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    return %0 : tensor<1x48xf32>
  }
}

// -----

// Two tables of one type, one packed and one not, cannot share the gather's code.
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  model.weight @tied : tensor<48x64xbf16> from #model.checkpoint<"tied", tensor<48x64xbf16>> recipe []
  model.weight @plain : tensor<48x64xbf16> from #model.checkpoint<"plain", tensor<48x64xbf16>> recipe []
  kernel.func @linear "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @gather "gather" (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32> {
  ^bb0(%t: tensor<1xi32>, %w: tensor<48x64xbf16>):
    %0 = model.embedding %t, %w : tensor<1xi32>, tensor<48x64xbf16> -> tensor<1x64xf32>
    kernel.yield %0 : tensor<1x64xf32>
  }
  func.func @f(%t: tensor<1xi32>) -> (tensor<1x48xf32>, tensor<1x64xf32>) {
    %tied = model.get_weight @tied : tensor<48x64xbf16>
    %plain = model.get_weight @plain : tensor<48x64xbf16>
    %x = kernel.launch @gather(%t, %tied) : (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32>
    // expected-error @below {{needs @gather with operands laid out as [unit, unit], but an earlier launch needs [unit, #kernel.packed<n = 16, k = 2>]}}
    %y = kernel.launch @gather(%t, %plain) : (tensor<1xi32>, tensor<48x64xbf16>) -> tensor<1x64xf32>
    %0 = kernel.launch @linear(%x, %tied) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    return %0, %y : tensor<1x48xf32>, tensor<1x64xf32>
  }
}

// -----

// Only weights can be packed.
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  kernel.func @linear "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  func.func @f(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>) -> tensor<1x48xf32> {
    // expected-error @below {{reads operand 1 in panels, expected a weight symbol there}}
    %0 = kernel.launch @linear(%x, %w) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    return %0 : tensor<1x48xf32>
  }
}

// -----

// A quantized matrix is packed as its scheme says, 8 inputs deep for 4 bits and 4 for 8, and so is a quantized table that is
// only gathered from.
// CHECK: model.weight @w {{.*}} recipe [#qt.quantize<#qt.int4_group<group = 32>>, #kernel.packed<n = 16, k = 8>]
// CHECK: model.weight @table {{.*}} recipe [#qt.quantize<#qt.q8_0>, #kernel.packed<n = 16, k = 4>]
// CHECK: kernel.func @linear {{.*}} layouts [unit, #kernel.packed<n = 16, k = 8>]
// CHECK: kernel.func @gather {{.*}} layouts [unit, #kernel.packed<n = 16, k = 4>]
!x = tensor<1x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>
!w = tensor<48x64x!qt.quantized<#qt.int4_group<group = 32>>>
!table = tensor<48x64x!qt.quantized<#qt.q8_0>>
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  model.weight @w : !w from #model.checkpoint<"w", tensor<48x64xbf16>> recipe [#qt.quantize<#qt.int4_group<group = 32>>]
  model.weight @table : !table from #model.checkpoint<"table", tensor<48x64xbf16>> recipe [#qt.quantize<#qt.q8_0>]
  kernel.func @linear "linear" (tensor<1x64xf32>, !w) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: !w):
    %q = qt.quantize_rows %x : tensor<1x64xf32> -> !x
    %0 = model.linear %q, %w : !x, !w -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @gather "gather" (tensor<1xi32>, !table) -> tensor<1x64xf32> {
  ^bb0(%t: tensor<1xi32>, %w: !table):
    %0 = model.embedding %t, %w : tensor<1xi32>, !table -> tensor<1x64xf32>
    kernel.yield %0 : tensor<1x64xf32>
  }
  func.func @f(%t: tensor<1xi32>) -> tensor<1x48xf32> {
    %table = model.get_weight @table : !table
    %w = model.get_weight @w : !w
    %x = kernel.launch @gather(%t, %table) : (tensor<1xi32>, !table) -> tensor<1x64xf32>
    %0 = kernel.launch @linear(%x, %w) : (tensor<1x64xf32>, !w) -> tensor<1x48xf32>
    return %0 : tensor<1x48xf32>
  }
}
