// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// Every scheme, the recipe that makes it, and a linear on codes.

// CHECK: model.weight @int8 : tensor<40x96x!qt.quantized<#qt.int8>>
// CHECK-SAME: recipe [#qt.quantize<#qt.int8>, #kernel.packed<n = 16, k = 4>]
model.weight @"int8" : tensor<40x96x!qt.quantized<#qt.int8>> from #model.checkpoint<"a", tensor<40x96xf32>> recipe [#qt.quantize<#qt.int8>, #kernel.packed<n = 16, k = 4>]
// CHECK: model.weight @int8_group : tensor<40x96x!qt.quantized<#qt.int8_group<group = 64, asym = true>>>
model.weight @"int8_group" : tensor<40x96x!qt.quantized<#qt.int8_group<group = 64, asym = true>>> from #model.checkpoint<"a", tensor<40x96xf32>> recipe [#qt.quantize<#qt.int8_group<group = 64, asym = true>>]
// CHECK: #qt.int4_group<group = 128>
model.weight @"int4_group" : tensor<40x96x!qt.quantized<#qt.int4_group<group = 128>>> from #model.checkpoint<"a", tensor<40x96xbf16>> recipe [#qt.quantize<#qt.int4_group<group = 128>>]
model.weight @"q8_0" : tensor<40x96x!qt.quantized<#qt.q8_0>> from #model.checkpoint<"a", tensor<40x96xf16>> recipe [#qt.quantize<#qt.q8_0>]
// CHECK: recipe [#qt.quantize<#qt.q4_0>, #kernel.packed<n = 16, k = 8>]
model.weight @"q4_0" : tensor<40x96x!qt.quantized<#qt.q4_0>> from #model.checkpoint<"a", tensor<40x96xf32>> recipe [#qt.quantize<#qt.q4_0>, #kernel.packed<n = 16, k = 8>]

// CHECK-LABEL: @multiply
func.func @multiply(%x: tensor<?x96xf32>) -> (tensor<?x40xf32>, tensor<?x40xf32>) {
  // CHECK: qt.quantize_rows %{{.*}} : tensor<?x96xf32> -> tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 32>>>
  %q = qt.quantize_rows %x : tensor<?x96xf32> -> tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 32>>>
  %w = model.get_weight @"q4_0" : tensor<40x96x!qt.quantized<#qt.q4_0>>
  // CHECK: model.linear %{{.*}}, %{{.*}} : tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 32>>>, tensor<40x96x!qt.quantized<#qt.q4_0>> -> tensor<?x40xf32>
  %y = model.linear %q, %w : tensor<?x96x!qt.quantized<#qt.rows_int8<group = 0, sums = 32>>>, tensor<40x96x!qt.quantized<#qt.q4_0>> -> tensor<?x40xf32>
  %z = model.linear %x, %w : tensor<?x96xf32>, tensor<40x96x!qt.quantized<#qt.q4_0>> -> tensor<?x40xf32>
  return %y, %z : tensor<?x40xf32>, tensor<?x40xf32>
}
