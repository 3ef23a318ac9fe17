// How rows, joined linears and the target's numbers become a schedule; layouts are tested in choose-layouts.mlir.
// RUN: split-file %s %t
// RUN: cat %t/v3.mlir %t/kernels.mlir | tenon-opt --choose-tiling | FileCheck %s --check-prefix=V3
// RUN: cat %t/v4.mlir %t/kernels.mlir | tenon-opt --choose-tiling | FileCheck %s --check-prefix=V4
// RUN: cat %t/amx.mlir %t/kernels.mlir | tenon-opt --choose-tiling | FileCheck %s --check-prefix=AMX

// Decode: all rows at once, as many panels side by side as sums and streams allow.
// V3: kernel.func @decode_1 {{.*}} tiling <dot = "fma", rows = 1, panels = 4, depth = 0, streams = 4, prefetch = 2048>
// V3: kernel.func @decode_4 {{.*}} tiling <dot = "fma", rows = 4, panels = 1, depth = 0, streams = 1, prefetch = 2048>
// V4: kernel.func @decode_1 {{.*}} tiling <dot = "fma", rows = 1, panels = 8, depth = 0, streams = 8, prefetch = 2048>
// V4: kernel.func @decode_4 {{.*}} tiling <dot = "fma", rows = 4, panels = 6, depth = 0, streams = 6, prefetch = 2048>
// More rows: cache blocks. A target whose own dot needs bf16 rows multiplies f32 rows with fma.
// V3: kernel.func @block_64 {{.*}} tiling <dot = "fma", rows = 4, panels = 1, depth = 256, streams = 1, prefetch = 2048>
// V4: kernel.func @block_64 {{.*}} tiling <dot = "fma", rows = 8, panels = 3, depth = 256, streams = 1, prefetch = 2048>
// AMX: kernel.func @block_64 {{.*}} tiling <dot = "fma", rows = 8, panels = 3, depth = 512, streams = 1, prefetch = 2048>
// The target's dot where rows and weights are bf16.
// V4: kernel.func @narrow_1 {{.*}} tiling <dot = "bf16", rows = 1, panels = 8
// AMX: kernel.func @narrow_1 {{.*}} tiling <dot = "amx", rows = 1, panels = 3, depth = 0, streams = 3, prefetch = 2048>
// V4: kernel.func @narrow_64 {{.*}} tiling <dot = "bf16", rows = 8, panels = 3, depth = 256
// AMX: kernel.func @narrow_64 {{.*}} tiling <dot = "amx", rows = 32, panels = 2, depth = 512, streams = 1, prefetch = 2048>
// gate and up are computed side by side: panels come in pairs and rows give way.
// V3: kernel.func @gate_up_4 {{.*}} tiling <dot = "fma", rows = 2, panels = 2, depth = 0, streams = 2
// V4: kernel.func @gate_up_4 {{.*}} tiling <dot = "fma", rows = 4, panels = 6, depth = 0
// V3: kernel.func @gate_up_64 {{.*}} tiling <dot = "fma", rows = 2, panels = 2, depth = 256
// V4: kernel.func @gate_up_64 {{.*}} tiling <dot = "bf16", rows = 12, panels = 2, depth = 256
// AMX: kernel.func @gate_up_64 {{.*}} tiling <dot = "amx", rows = 32, panels = 2, depth = 512
// Rows of codes: integer sums, half as many where f32 sums wait beside them.
// V3: kernel.func @codes_1 {{.*}} tiling <dot = "maddwd", rows = 1, panels = 3, depth = 0, streams = 3, prefetch = 2048>
// V4: kernel.func @codes_1 {{.*}} tiling <dot = "vnni", rows = 1, panels = 2, depth = 0, streams = 2, prefetch = 4096>
// V3: kernel.func @codes_64 {{.*}} tiling <dot = "maddwd", rows = 3, panels = 1, depth = 512, streams = 1, prefetch = 2048>
// V4: kernel.func @codes_64 {{.*}} tiling <dot = "vnni", rows = 4, panels = 3, depth = 512, streams = 1, prefetch = 4096>
// V3: kernel.func @whole_64 {{.*}} tiling <dot = "maddwd", rows = 6, panels = 1, depth = 512
// V4: kernel.func @whole_64 {{.*}} tiling <dot = "vnni", rows = 8, panels = 3, depth = 512
// Other anchors have one schedule.
// V3: kernel.func @norm {{.*}} target #target tiling <dot = "fma", rows = 1, panels = 1, depth = 0, streams = 1, prefetch = 2048>

//--- v3.mlir
module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
//--- v4.mlir
module attributes {kernel.target = #kernel.target<"v4", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+avx512bf16", "+avx512vnni"], "bf16", {accumulators = 24, code_decode_rows = 8, code_depth = 512, code_panels = 3, code_prefetch = 4096, code_streams = 2, code_sums = 12, decode_rows = 8, gemm_depth = 256, gemm_panels = 3, gemm_rows = 8, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 8}>} {
//--- amx.mlir
module attributes {kernel.target = #kernel.target<"amx", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+amx-bf16", "+avx512vnni"], "amx", {accumulators = 24, code_decode_rows = 8, code_depth = 512, code_panels = 3, code_prefetch = 4096, code_streams = 2, code_sums = 12, decode_rows = 8, gemm_depth = 512, gemm_panels = 2, gemm_rows = 32, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 8}>} {
//--- kernels.mlir
  kernel.func @decode_1 "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @decode_4 "linear" (tensor<4x64xf32>, tensor<48x64xbf16>) -> tensor<4x48xf32> {
  ^bb0(%x: tensor<4x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<4x64xf32>, tensor<48x64xbf16> -> tensor<4x48xf32>
    kernel.yield %0 : tensor<4x48xf32>
  }
  kernel.func @block_64 "linear" (tensor<64x64xf32>, tensor<48x64xbf16>) -> tensor<64x48xf32> {
  ^bb0(%x: tensor<64x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<64x64xf32>, tensor<48x64xbf16> -> tensor<64x48xf32>
    kernel.yield %0 : tensor<64x48xf32>
  }
  kernel.func @narrow_1 "linear" (tensor<1x64xbf16>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xbf16>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xbf16>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @narrow_64 "linear" (tensor<64x64xbf16>, tensor<48x64xbf16>) -> tensor<64x48xf32> {
  ^bb0(%x: tensor<64x64xbf16>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<64x64xbf16>, tensor<48x64xbf16> -> tensor<64x48xf32>
    kernel.yield %0 : tensor<64x48xf32>
  }
  kernel.func @gate_up_4 "linear" (tensor<4x64xf32>, tensor<48x64xbf16>, tensor<48x64xbf16>) -> tensor<4x48xf32> {
  ^bb0(%x: tensor<4x64xf32>, %g: tensor<48x64xbf16>, %u: tensor<48x64xbf16>):
    %0 = model.linear %x, %g : tensor<4x64xf32>, tensor<48x64xbf16> -> tensor<4x48xf32>
    %1 = model.linear %x, %u : tensor<4x64xf32>, tensor<48x64xbf16> -> tensor<4x48xf32>
    %2 = model.activation silu %0 : tensor<4x48xf32>
    %3 = model.mul %2, %1 : tensor<4x48xf32>
    kernel.yield %3 : tensor<4x48xf32>
  }
  kernel.func @gate_up_64 "linear" (tensor<64x64xbf16>, tensor<48x64xbf16>, tensor<48x64xbf16>) -> tensor<64x48xf32> {
  ^bb0(%x: tensor<64x64xbf16>, %g: tensor<48x64xbf16>, %u: tensor<48x64xbf16>):
    %0 = model.linear %x, %g : tensor<64x64xbf16>, tensor<48x64xbf16> -> tensor<64x48xf32>
    %1 = model.linear %x, %u : tensor<64x64xbf16>, tensor<48x64xbf16> -> tensor<64x48xf32>
    %2 = model.activation silu %0 : tensor<64x48xf32>
    %3 = model.mul %2, %1 : tensor<64x48xf32>
    kernel.yield %3 : tensor<64x48xf32>
  }
  kernel.func @codes_1 "linear" (tensor<1x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, %w: tensor<48x64x!qt.quantized<#qt.q4_0>>):
    %0 = model.linear %x, %w : tensor<1x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  kernel.func @codes_64 "linear" (tensor<64x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>>) -> tensor<64x48xf32> {
  ^bb0(%x: tensor<64x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, %w: tensor<48x64x!qt.quantized<#qt.q4_0>>):
    %0 = model.linear %x, %w : tensor<64x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>> -> tensor<64x48xf32>
    kernel.yield %0 : tensor<64x48xf32>
  }
  kernel.func @whole_64 "linear" (tensor<64x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>, tensor<48x64x!qt.quantized<#qt.int8>>) -> tensor<64x48xf32> {
  ^bb0(%x: tensor<64x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>, %w: tensor<48x64x!qt.quantized<#qt.int8>>):
    %0 = model.linear %x, %w : tensor<64x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>, tensor<48x64x!qt.quantized<#qt.int8>> -> tensor<64x48xf32>
    kernel.yield %0 : tensor<64x48xf32>
  }
  kernel.func @norm "norm" (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xf32> {
  ^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>):
    %0 = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
    kernel.yield %0 : tensor<2x32xf32>
  }
}
