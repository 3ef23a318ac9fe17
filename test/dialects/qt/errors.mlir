// RUN: tenon-opt %s --split-input-file --verify-diagnostics

// expected-error@+2 {{failed to parse Qt_QuantizedType parameter}}
// expected-error@+1 {{group is 48, expected 32, 64 or 128}}
func.func private @group(tensor<4x96x!qt.quantized<#qt.int4_group<group = 48>>>)

// -----

// expected-error@+1 {{quantized element has scheme 7 : i64, expected a number format such as #qt.q4_0}}
func.func private @scheme(tensor<4x96x!qt.quantized<7 : i64>>)

// -----

// expected-error@+2 {{failed to parse Qt_QuantizedType parameter}}
// expected-error@+1 {{activations have group = 16, sums = 0, expected 0 or a multiple of 32 up to 4096}}
func.func private @rows(tensor<4x96x!qt.quantized<#qt.rows_int8<group = 16, sums = 0>>>)

// -----

// expected-error@+2 {{failed to parse Qt_QuantizedType parameter}}
// expected-error@+1 {{activations meet weights with zero = 200, expected 0 to 128}}
func.func private @zero(tensor<4x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 0, zero = 200>>>)

// -----

// expected-error@+1 {{recipe step 1: cannot pack}}
model.weight @w : tensor<4x96x!qt.quantized<#qt.q4_0>> from #model.checkpoint<"a", tensor<4x96xf32>> recipe [#qt.quantize<#qt.q4_0>, #kernel.packed<n = 16, k = 4>]

// -----

// expected-error@+1 {{recipe step 1: cannot quantize}}
model.weight @w : tensor<4x96x!qt.quantized<#qt.q4_0>> from #model.checkpoint<"a", tensor<4x96xf32>> recipe [#qt.quantize<#qt.q4_0>, #qt.quantize<#qt.q4_0>]

// -----

func.func @shape(%x: tensor<?x96xf32>) {
  // expected-error@+1 {{expected the same shape with static columns}}
  %q = qt.quantize_rows %x : tensor<?x96xf32> -> tensor<?x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>
  return
}

// -----

func.func @weightScheme(%x: tensor<?x96xf32>) {
  // expected-error@+1 {{expected elements of a row scheme such as #qt.rows_int8}}
  %q = qt.quantize_rows %x : tensor<?x96xf32> -> tensor<?x96x!qt.quantized<#qt.q4_0>>
  return
}

// -----

func.func @floatWeight(%x: tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>, %w: tensor<8x96xbf16>) {
  // expected-error@+1 {{expected a quantized weight}}
  %y = model.linear %x, %w : tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 0>>>, tensor<8x96xbf16> -> tensor<?x8xf32>
  return
}
