// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=format=fp32 | FileCheck %s --check-prefixes=CHECK,FP32
// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=format=fp16 | FileCheck %s --check-prefixes=CHECK,FP16
// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=format=bf16 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: not tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=format=int3 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=kv=int8 | FileCheck %s --check-prefix=INT8KV
// RUN: not tenon-opt %s --split-input-file --allow-unregistered-dialect --set-weight-formats=kv=int3 2>&1 | FileCheck %s --check-prefix=UNKNOWNKV

// INT8KV: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x i8>
// UNKNOWNKV: unknown cache format "int3", expected auto, bf16, f16, f32 or int8

// UNKNOWN: unknown weight format "int3", expected auto, bf16, fp16, fp32, int8_wo[:gN[,asym]], int4_wo[:gN[,asym]], q8_0, q4_0

// A matrix follows the option; auto narrows f32 only.
// AUTO: model.weight @wide : tensor<48x32xbf16> from #model.checkpoint<"wide", tensor<48x32xf32>> recipe [#model.convert<bf16>]
// FP32: model.weight @wide : tensor<48x32xf32> from {{.*}} recipe []
// FP16: model.weight @wide : tensor<48x32xf16> from {{.*}} recipe [#model.convert<f16>]
// BF16: model.weight @wide : tensor<48x32xbf16> from {{.*}} recipe [#model.convert<bf16>]
model.weight @wide : tensor<48x32xf32> from #model.checkpoint<"wide", tensor<48x32xf32>> recipe []
// AUTO: model.weight @half : tensor<48x32xf16> {{.*}} recipe []
// FP32: model.weight @half : tensor<48x32xf32> {{.*}} recipe [#model.convert<f32>]
// FP16: model.weight @half : tensor<48x32xf16> {{.*}} recipe []
// BF16: model.weight @half : tensor<48x32xbf16> {{.*}} recipe [#model.convert<bf16>]
model.weight @half : tensor<48x32xf16> from #model.checkpoint<"half", tensor<48x32xf16>> recipe []
// Gains and biases become f32 whatever the option, generated tables are f32 already.
// CHECK: model.weight @gain : tensor<32xf32> from #model.checkpoint<"gain", tensor<32xbf16>> recipe [#model.convert<f32>]
model.weight @gain : tensor<32xbf16> from #model.checkpoint<"gain", tensor<32xbf16>> recipe []
// CHECK: model.weight @rope : tensor<64x8xf32> {{.*}} recipe []
model.weight @rope : tensor<64x8xf32> from #model.rope_table<64, 8, {theta = 1.0e4}> recipe []
// AUTO: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>
// FP32: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x f32>
// FP16: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x f16>
// BF16: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>
model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>

// Reads follow their symbols.
// CHECK-LABEL: func.func @use
func.func @use(%x: tensor<?x32xf32>, %s: tensor<?x4xi32>, %b: tensor<2x2xi32>) -> (tensor<?x48xf32>, tensor<?x8xf32>) {
  // CHECK: get_weight @gain : tensor<32xf32>
  %g = model.get_weight @gain : tensor<32xbf16>
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<?x32xf32>, tensor<32xbf16> -> tensor<?x32xf32>
  // AUTO: get_weight @wide : tensor<48x32xbf16>
  // FP16: get_weight @wide : tensor<48x32xf16>
  %w = model.get_weight @wide : tensor<48x32xf32>
  %y = model.linear %n, %w : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
  // FP32: get_cache @kv : <4 x 64 x 1 x 8 x f32>
  %c = model.get_cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>
  %q = model.get_weight @half : tensor<48x32xf16>
  %z = model.linear %n, %q : tensor<?x32xf32>, tensor<48x32xf16> -> tensor<?x48xf32>
  %q8 = "test.part"(%z) : (tensor<?x48xf32>) -> tensor<?x8xf32>
  %a = model.attention %q8 over %c at %s, %b heads 1 scale 1.0 : tensor<?x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<?x4xi32>, tensor<2x2xi32> -> tensor<?x8xf32>
  return %y, %a : tensor<?x48xf32>, tensor<?x8xf32>
}

// -----

// With auto the cache is f16 where every matrix is.
model.weight @w : tensor<48x32xf16> from #model.checkpoint<"w", tensor<48x32xf16>> recipe []
// AUTO: model.cache @kv : !model.cache<4 x 64 x 1 x 8 x f16>
model.cache @kv : !model.cache<4 x 64 x 1 x 8 x bf16>
