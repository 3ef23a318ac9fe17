// RUN: tenon-opt %s --split-input-file --verify-tiling --verify-diagnostics

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
      target <"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}> tiling <dot = "fma", rows = 1, panels = 4, depth = 0, streams = 1, prefetch = 0> layouts [unit, #kernel.packed<n = 16, k = 2>] {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  model.weight @w : tensor<48x64xbf16> from #model.checkpoint<"w", tensor<48x64xbf16>> recipe [#kernel.packed<n = 16, k = 2>]
  func.func @f(%x: tensor<1x64xf32>) -> tensor<1x48xf32> {
    %w = model.get_weight @w : tensor<48x64xbf16>
    %0 = kernel.launch @k(%x, %w) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    return %0 : tensor<1x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  // expected-error @below {{lacks its target, tiling or layouts after the phase `tile`}}
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32> {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  // expected-error @below {{keeps more sums than the target has registers for: #kernel.tiling<dot = "fma", rows = 2, panels = 3}}
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
      target <"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}> tiling <dot = "fma", rows = 2, panels = 3, depth = 0, streams = 1, prefetch = 0> layouts [unit, #kernel.packed<n = 16, k = 2>] {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  // expected-error @below {{keeps more sums than the target has registers for: #kernel.tiling<dot = "amx", rows = 32, panels = 3}}
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
      target <"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}> tiling <dot = "amx", rows = 32, panels = 3, depth = 0, streams = 1, prefetch = 0> layouts [unit, #kernel.packed<n = 16, k = 2>] {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
      target <"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}> tiling <dot = "fma", rows = 1, panels = 4, depth = 0, streams = 1, prefetch = 0> layouts [unit, unit] {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    // expected-error @below {{multiplies with a weight that is not packed}}
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}>} {
  kernel.func @k "linear" (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
      target <"v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma", {accumulators = 4, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, weight_streams = 4}> tiling <dot = "fma", rows = 1, panels = 4, depth = 0, streams = 1, prefetch = 0> layouts [unit, #kernel.packed<n = 16, k = 2>] {
  ^bb0(%x: tensor<1x64xf32>, %w: tensor<48x64xbf16>):
    %0 = model.linear %x, %w : tensor<1x64xf32>, tensor<48x64xbf16> -> tensor<1x48xf32>
    kernel.yield %0 : tensor<1x48xf32>
  }
  model.weight @w : tensor<48x64xbf16> from #model.checkpoint<"w", tensor<48x64xbf16>> recipe []
  func.func @f(%x: tensor<1x64xf32>) -> tensor<1x48xf32> {
    %w = model.get_weight @w : tensor<48x64xbf16>
    // expected-error @below {{passes weights laid out as [unit, unit] to a kernel that expects [unit, #kernel.packed<n = 16, k = 2>]}}
    %0 = kernel.launch @k(%x, %w) : (tensor<1x64xf32>, tensor<48x64xbf16>) -> tensor<1x48xf32>
    return %0 : tensor<1x48xf32>
  }
}
