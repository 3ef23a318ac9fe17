// RUN: tenon-opt %s --split-input-file --verify-formats --verify-diagnostics

module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
  model.weight @w : tensor<48x32xf16> from #model.checkpoint<"w", tensor<48x32xf16>> recipe []
  model.weight @g : tensor<32xf32> from #model.checkpoint<"g", tensor<32xf32>> recipe []
  // A target that multiplies in f32 takes f32 rows.
  func.func @use(%x: tensor<?x32xf32>, %w: tensor<48x32xbf16>) -> tensor<?x48xf32> {
    %0 = model.linear %x, %w : tensor<?x32xf32>, tensor<48x32xbf16> -> tensor<?x48xf32>
    return %0 : tensor<?x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
  // expected-error @below {{is a vector or a generated table of type 'tensor<32xbf16>', expected elements of f32}}
  model.weight @g : tensor<32xbf16> from #model.checkpoint<"g", tensor<32xbf16>> recipe []
}

// -----

module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+avx512bf16"], "bf16", {}>} {
  func.func @use(%x: tensor<?x32xf32>, %w: tensor<48x32xbf16>) -> tensor<?x48xf32> {
    // expected-error @below {{multiplies 'tensor<?x32xf32>' with bf16 weights, expected bf16 rows on a target with dot "bf16"}}
    %0 = model.linear %x, %w : tensor<?x32xf32>, tensor<48x32xbf16> -> tensor<?x48xf32>
    return %0 : tensor<?x48xf32>
  }
}

// -----

module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+avx512bf16"], "bf16", {}>} {
  func.func @use(%q: tensor<4x32xf32>, %c: !model.cache<8 x 16 x 2 x 8 x bf16>, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
    // expected-error @below {{is not narrow over '!model.cache<8 x 16 x 2 x 8 x bf16>', on a target with dot "bf16"}}
    %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !model.cache<8 x 16 x 2 x 8 x bf16>, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
    return
  }
}

// -----

// expected-error @below {{module has no target}}
module {
}

// -----

!rows = tensor<?x128x!qt.quantized<#qt.rows_int8<group = 0, sums = 64, zero = 8>>>
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
  func.func @use(%x: !rows, %a: tensor<48x128x!qt.quantized<#qt.int4_group<group = 64>>>, %b: tensor<48x128x!qt.quantized<#qt.q4_0>>) -> (tensor<?x48xf32>, tensor<?x48xf32>) {
    %0 = model.linear %x, %a : !rows, tensor<48x128x!qt.quantized<#qt.int4_group<group = 64>>> -> tensor<?x48xf32>
    // expected-error @below {{with weights of #qt.q4_0, expected groups of which one divides the other, sums = 32 and zero = 8}}
    %1 = model.linear %x, %b : !rows, tensor<48x128x!qt.quantized<#qt.q4_0>> -> tensor<?x48xf32>
    return %0, %1 : tensor<?x48xf32>, tensor<?x48xf32>
  }
}

// -----

!rows = tensor<?x128x!qt.quantized<#qt.rows_int8<group = 96, sums = 64>>>
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
  func.func @use(%x: !rows, %a: tensor<48x128x!qt.quantized<#qt.int4_group<group = 64>>>) -> tensor<?x48xf32> {
    // expected-error @below {{expected groups of which one divides the other, sums = 64 and zero = 8}}
    %0 = model.linear %x, %a : !rows, tensor<48x128x!qt.quantized<#qt.int4_group<group = 64>>> -> tensor<?x48xf32>
    return %0 : tensor<?x48xf32>
  }
}

// -----

!rows = tensor<?x128x!qt.quantized<#qt.rows_int8<group = 0, sums = 64, zero = 8>>>
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {
  func.func @use(%x: !rows, %a: tensor<48x128x!qt.quantized<#qt.int4_group<group = 64, asym = true>>>) -> tensor<?x48xf32> {
    // expected-error @below {{sums = 64 and zero = 0}}
    %0 = model.linear %x, %a : !rows, tensor<48x128x!qt.quantized<#qt.int4_group<group = 64, asym = true>>> -> tensor<?x48xf32>
    return %0 : tensor<?x48xf32>
  }
}
