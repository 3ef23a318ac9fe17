// Every op, type and attribute of `model` prints as it parses, with dynamic and with static rows.
// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s

// CHECK: model.weight @embed : tensor<64x32xbf16> from #model.checkpoint<"model.embed_tokens.weight", tensor<64x32xbf16>> recipe []
model.weight @embed : tensor<64x32xbf16> from #model.checkpoint<"model.embed_tokens.weight", tensor<64x32xbf16>> recipe []
// CHECK: model.weight @layers.0.q : tensor<32x32xbf16> from #model.checkpoint<"q", tensor<32x32xf32>> recipe [#model.convert<bf16>]
model.weight @"layers.0.q" : tensor<32x32xbf16> from #model.checkpoint<"q", tensor<32x32xf32>> recipe [#model.convert<bf16>]
// CHECK: model.weight @rope : tensor<128x8xf32> from #model.rope_table<128, 8, {theta = 1.000000e+04 : f64}> recipe []
model.weight @rope : tensor<128x8xf32> from #model.rope_table<128, 8, {theta = 1.0e4}> recipe []
// CHECK: model.cache @kv.0 : !model.cache<8 x 16 x 2 x 8 x bf16>
model.cache @kv.0 : !model.cache<8 x 16 x 2 x 8 x bf16>

// CHECK-LABEL: func.func @symbols
func.func @symbols() {
  // CHECK: model.get_weight @layers.0.q : tensor<32x32xbf16>
  %q = model.get_weight @"layers.0.q" : tensor<32x32xbf16>
  // CHECK: model.get_cache @kv.0 : <8 x 16 x 2 x 8 x bf16>
  %c = model.get_cache @kv.0 : !model.cache<8 x 16 x 2 x 8 x bf16>
  return
}

// CHECK-LABEL: func.func @rows
func.func @rows(%tokens: tensor<?xi32>, %table: tensor<64x32xbf16>, %rows: tensor<3xi32>, %gain: tensor<32xf32>, %w: tensor<48x32xbf16>,
                %bias: tensor<48xf32>) {
  // CHECK: model.embedding %{{.*}}, %{{.*}} : tensor<?xi32>, tensor<64x32xbf16> -> tensor<?x32xf32>
  %x = model.embedding %tokens, %table : tensor<?xi32>, tensor<64x32xbf16> -> tensor<?x32xf32>
  // CHECK: model.select_rows %{{.*}}, %{{.*}} : tensor<?x32xf32>, tensor<3xi32> -> tensor<3x32xf32>
  %s = model.select_rows %x, %rows : tensor<?x32xf32>, tensor<3xi32> -> tensor<3x32xf32>
  // CHECK: model.rms_norm %{{.*}}, %{{.*}} eps 1.000000e-05 : tensor<3x32xf32>, tensor<32xf32> -> tensor<3x32xbf16>
  %n = model.rms_norm %s, %gain eps 1.0e-05 : tensor<3x32xf32>, tensor<32xf32> -> tensor<3x32xbf16>
  // CHECK: model.linear %{{.*}}, %{{.*}} : tensor<3x32xbf16>, tensor<48x32xbf16> -> tensor<3x48xf32>
  %y = model.linear %n, %w : tensor<3x32xbf16>, tensor<48x32xbf16> -> tensor<3x48xf32>
  // CHECK: model.linear %{{.*}}, %{{.*}} bias %{{.*}} : tensor<?x32xf32>, tensor<48x32xbf16>, tensor<48xf32> -> tensor<?x48xf32>
  %z = model.linear %x, %w bias %bias : tensor<?x32xf32>, tensor<48x32xbf16>, tensor<48xf32> -> tensor<?x48xf32>
  return
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%a: tensor<?x32xf32>, %b: tensor<?x32xf32>) {
  // CHECK: model.add %{{.*}}, %{{.*}} : tensor<?x32xf32>
  %0 = model.add %a, %b : tensor<?x32xf32>
  // CHECK: model.mul %{{.*}}, %{{.*}} : tensor<?x32xf32>
  %1 = model.mul %a, %b : tensor<?x32xf32>
  // CHECK: model.activation silu %{{.*}} : tensor<?x32xf32>
  %2 = model.activation silu %a : tensor<?x32xf32>
  // CHECK: model.activation gelu %{{.*}} : tensor<?x32xf32>
  %3 = model.activation gelu %a : tensor<?x32xf32>
  // CHECK: model.activation gelu_tanh %{{.*}} : tensor<?x32xf32>
  %4 = model.activation gelu_tanh %a : tensor<?x32xf32>
  // CHECK: model.activation relu %{{.*}} : tensor<?x32xf32>
  %5 = model.activation relu %a : tensor<?x32xf32>
  // CHECK: model.cast %{{.*}} : tensor<?x32xf32> -> tensor<?x32xbf16>
  %6 = model.cast %a : tensor<?x32xf32> -> tensor<?x32xbf16>
  return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%x: tensor<?x32xf32>, %k: tensor<?x16xf32>, %v: tensor<?x16xf32>, %c: !model.cache<8 x 16 x 2 x 8 x f16>,
                     %positions: tensor<?xi32>, %slots: tensor<?xi32>, %segments: tensor<?x4xi32>, %blocks: tensor<2x4xi32>,
                     %table: tensor<128x8xf32>) {
  // CHECK: model.rope %{{.*}}, %{{.*}}, %{{.*}} heads 4 : tensor<?x32xf32>, tensor<?xi32>, tensor<128x8xf32> -> tensor<?x32xf32>
  %q = model.rope %x, %positions, %table heads 4 : tensor<?x32xf32>, tensor<?xi32>, tensor<128x8xf32> -> tensor<?x32xf32>
  // CHECK: model.cache_append %{{.*}}, %{{.*}} into %{{.*}} at %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<?x16xf32>, <8 x 16 x 2 x 8 x f16>, tensor<?xi32>, tensor<?xi32>, tensor<2x4xi32>
  model.cache_append %k, %v into %c at %positions, %slots, %blocks
    : tensor<?x16xf32>, tensor<?x16xf32>, !model.cache<8 x 16 x 2 x 8 x f16>, tensor<?xi32>, tensor<?xi32>, tensor<2x4xi32>
  // CHECK: model.attention %{{.*}} over %{{.*}} at %{{.*}}, %{{.*}} heads 4 scale 5.000000e-01 : tensor<?x32xf32>, <8 x 16 x 2 x 8 x f16>, tensor<?x4xi32>, tensor<2x4xi32> -> tensor<?x32xf32>
  %y = model.attention %q over %c at %segments, %blocks heads 4 scale 0.5
    : tensor<?x32xf32>, !model.cache<8 x 16 x 2 x 8 x f16>, tensor<?x4xi32>, tensor<2x4xi32> -> tensor<?x32xf32>
  return
}

// CHECK-LABEL: func.func @narrow_attention
func.func @narrow_attention(%q: tensor<?x32xf32>, %c: !model.cache<8 x 16 x 2 x 8 x bf16>, %segments: tensor<?x4xi32>, %blocks: tensor<2x4xi32>) {
  // CHECK: heads 4 scale 5.000000e-01 narrow : tensor<?x32xf32>, <8 x 16 x 2 x 8 x bf16>
  %y = model.attention %q over %c at %segments, %blocks heads 4 scale 0.5 narrow
    : tensor<?x32xf32>, !model.cache<8 x 16 x 2 x 8 x bf16>, tensor<?x4xi32>, tensor<2x4xi32> -> tensor<?x32xf32>
  return
}

// CHECK-LABEL: func.func @split_attention
func.func @split_attention(%q: tensor<1x32xf32>, %c: !model.cache<8 x 16 x 2 x 8 x i8>, %segments: tensor<1x4xi32>, %blocks: tensor<2x4xi32>) {
  // CHECK: %[[O:.*]], %[[M:.*]], %[[L:.*]] = model.attention_partial %{{.*}} over %{{.*}} at %{{.*}}, %{{.*}} heads 4 scale 5.000000e-01 narrow span 32 : tensor<1x32xf32>, <8 x 16 x 2 x 8 x i8>
  %o, %m, %l = model.attention_partial %q over %c at %segments, %blocks heads 4 scale 0.5 narrow span 32
    : tensor<1x32xf32>, !model.cache<8 x 16 x 2 x 8 x i8>, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<1x64xf32>, tensor<1x8xf32>, tensor<1x8xf32>
  // CHECK: model.attention_combine %[[O]], %[[M]], %[[L]] at %{{.*}} heads 4 span 32 : tensor<1x64xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x4xi32> -> tensor<1x32xf32>
  %y = model.attention_combine %o, %m, %l at %segments heads 4 span 32
    : tensor<1x64xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x4xi32> -> tensor<1x32xf32>
  // CHECK: model.attention {{.*}} narrow span 32 : tensor<1x32xf32>
  %z = model.attention %q over %c at %segments, %blocks heads 4 scale 0.5 narrow span 32
    : tensor<1x32xf32>, !model.cache<8 x 16 x 2 x 8 x i8>, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<1x32xf32>
  return
}
