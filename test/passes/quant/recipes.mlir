// Recipes of several formats: patterns, later entries winning, and what a quantized default leaves alone.
// RUN: tenon-opt %s --set-weight-formats='format="int4_wo:g64,asym"' | FileCheck %s --check-prefix=DEFAULT
// RUN: tenon-opt %s --set-weight-formats='format="int8_wo; layers.0.*=bf16; *.down = q8_0;embed=int4_wo"' | FileCheck %s --check-prefix=MIXED
// RUN: tenon-opt %s --set-weight-formats='format="lm_head=int8_wo:g128"' | FileCheck %s --check-prefix=ONE
// RUN: tenon-opt %s --set-weight-formats='format="fp16"' | FileCheck %s --check-prefix=FLOAT

// A table that is read by rows only stays 16-bit unless it is named; one that the head reads too is quantized.
// DEFAULT: @embed : tensor<64x128xbf16> {{.*}} recipe [#model.convert<bf16>]
// MIXED: @embed : {{.*}} recipe [#qt.quantize<#qt.int4_group<group = 128>>]
// ONE: @embed : tensor<64x128xbf16>
// FLOAT: @embed : tensor<64x128xf16>
model.weight @embed : tensor<64x128xf32> from #model.checkpoint<"embed", tensor<64x128xf32>> recipe []
// DEFAULT: @tied : tensor<64x128x!qt.quantized<#qt.int4_group<group = 64, asym = true>>> {{.*}} recipe [#qt.quantize<#qt.int4_group<group = 64, asym = true>>]
// MIXED: @tied : {{.*}} recipe [#qt.quantize<#qt.int8>]
model.weight @tied : tensor<64x128xf32> from #model.checkpoint<"tied", tensor<64x128xf32>> recipe []
// DEFAULT: @layers.0.up : {{.*}} recipe [#qt.quantize<#qt.int4_group
// MIXED: @layers.0.up : tensor<64x128xbf16>
// ONE: @layers.0.up : tensor<64x128xbf16>
model.weight @layers.0.up : tensor<64x128xf32> from #model.checkpoint<"u0", tensor<64x128xf32>> recipe []
// MIXED: @layers.0.down : {{.*}} recipe [#qt.quantize<#qt.q8_0>]
model.weight @layers.0.down : tensor<64x128xf32> from #model.checkpoint<"d0", tensor<64x128xf32>> recipe []
// MIXED: @layers.0.gain : tensor<128xf32> {{.*}} recipe []
model.weight @layers.0.gain : tensor<128xf32> from #model.checkpoint<"g0", tensor<128xf32>> recipe []
// MIXED: @layers.1.up : {{.*}} recipe [#qt.quantize<#qt.int8>]
model.weight @layers.1.up : tensor<64x128xf32> from #model.checkpoint<"u1", tensor<64x128xf32>> recipe []
// ONE: @lm_head : {{.*}} recipe [#qt.quantize<#qt.int8_group<group = 128>>]
model.weight @lm_head : tensor<64x128xf32> from #model.checkpoint<"h", tensor<64x128xf32>> recipe []

// Codes of a file stay as they are unless another format is asked for; then the numbers they stand for are converted.
// DEFAULT: @gguf : tensor<64x128x!qt.quantized<#qt.int4_group<group = 64, asym = true>>> {{.*}} recipe [#qt.quantize<#qt.int4_group<group = 64, asym = true>>]
// ONE: @gguf : tensor<64x128x!qt.quantized<#qt.q4_0>> {{.*}} recipe []
// FLOAT: @gguf : tensor<64x128xf16> {{.*}} recipe [#model.convert<f16>]
model.weight @gguf : tensor<64x128x!qt.quantized<#qt.q4_0>> from #model.checkpoint<"q", tensor<64x128x!qt.quantized<#qt.q4_0>>> recipe []

// The cache is as if the weights were not quantized, unless the default is a float type.
// DEFAULT: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>
// FLOAT: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x f16>
model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>

func.func @use(%t: tensor<?xi32>) -> tensor<?x64xf32> {
  %e = model.get_weight @embed : tensor<64x128xf32>
  %x = model.embedding %t, %e : tensor<?xi32>, tensor<64x128xf32> -> tensor<?x128xf32>
  %w = model.get_weight @tied : tensor<64x128xf32>
  %y = model.embedding %t, %w : tensor<?xi32>, tensor<64x128xf32> -> tensor<?x128xf32>
  %0 = model.linear %y, %w : tensor<?x128xf32>, tensor<64x128xf32> -> tensor<?x64xf32>
  %a = model.get_weight @layers.0.up : tensor<64x128xf32>
  %1 = model.linear %x, %a : tensor<?x128xf32>, tensor<64x128xf32> -> tensor<?x64xf32>
  %b = model.get_weight @layers.0.down : tensor<64x128xf32>
  %2 = model.linear %x, %b : tensor<?x128xf32>, tensor<64x128xf32> -> tensor<?x64xf32>
  %c = model.get_weight @layers.1.up : tensor<64x128xf32>
  %3 = model.linear %x, %c : tensor<?x128xf32>, tensor<64x128xf32> -> tensor<?x64xf32>
  %d = model.get_weight @lm_head : tensor<64x128xf32>
  %4 = model.linear %x, %d : tensor<?x128xf32>, tensor<64x128xf32> -> tensor<?x64xf32>
  %q = model.get_weight @gguf : tensor<64x128x!qt.quantized<#qt.q4_0>>
  %5 = model.linear %x, %q : tensor<?x128xf32>, tensor<64x128x!qt.quantized<#qt.q4_0>> -> tensor<?x64xf32>
  return %5 : tensor<?x64xf32>
}
