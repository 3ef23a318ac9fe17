// RUN: tenon-opt %s --split-attention | FileCheck %s

// The longest context is 1024 tokens, a span at least 256.
module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {attention_span = 256, split_rows = 2}>} {
  // Few rows: four spans by themselves, then joined.
  // CHECK-LABEL: func.func @few
  // CHECK: %[[O:.*]], %[[M:.*]], %[[L:.*]] = model.attention_partial %arg0 over %arg1 at %arg2, %arg3 heads 4 scale 5.000000e-01 span 256
  // CHECK-SAME: -> tensor<2x128xf32>, tensor<2x16xf32>, tensor<2x16xf32>
  // CHECK: %[[Y:.*]] = model.attention_combine %[[O]], %[[M]], %[[L]] at %arg2 heads 4 span 256
  // CHECK: return %[[Y]]
  func.func @few(%q: tensor<2x32xf32>, %c: !model.cache<64 x 64 x 2 x 8 x f16>, %s: tensor<2x4xi32>, %b: tensor<4x16xi32>) -> tensor<2x32xf32> {
    %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<2x32xf32>, !model.cache<64 x 64 x 2 x 8 x f16>, tensor<2x4xi32>, tensor<4x16xi32> -> tensor<2x32xf32>
    return %y : tensor<2x32xf32>
  }
  // Many rows add in the same spans.
  // CHECK-LABEL: func.func @many
  // CHECK: model.attention %arg0 over %arg1 at %arg2, %arg3 heads 4 scale 5.000000e-01 span 256 : tensor<3x32xf32>
  func.func @many(%q: tensor<3x32xf32>, %c: !model.cache<64 x 64 x 2 x 8 x f16>, %s: tensor<3x4xi32>, %b: tensor<4x16xi32>) -> tensor<3x32xf32> {
    %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<3x32xf32>, !model.cache<64 x 64 x 2 x 8 x f16>, tensor<3x4xi32>, tensor<4x16xi32> -> tensor<3x32xf32>
    return %y : tensor<3x32xf32>
  }
  // One span holds all of a short context.
  // CHECK-LABEL: func.func @short
  // CHECK: model.attention {{.*}} scale 5.000000e-01 : tensor<2x32xf32>
  func.func @short(%q: tensor<2x32xf32>, %c: !model.cache<64 x 64 x 2 x 8 x f16>, %s: tensor<2x4xi32>, %b: tensor<4x4xi32>) -> tensor<2x32xf32> {
    %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<2x32xf32>, !model.cache<64 x 64 x 2 x 8 x f16>, tensor<2x4xi32>, tensor<4x4xi32> -> tensor<2x32xf32>
    return %y : tensor<2x32xf32>
  }
  // 64 spans at most: 32768 tokens in spans of 512.
  // CHECK-LABEL: func.func @long
  // CHECK: span 512
  func.func @long(%q: tensor<3x32xf32>, %c: !model.cache<512 x 64 x 2 x 8 x f16>, %s: tensor<3x4xi32>, %b: tensor<4x512xi32>) -> tensor<3x32xf32> {
    %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<3x32xf32>, !model.cache<512 x 64 x 2 x 8 x f16>, tensor<3x4xi32>, tensor<4x512xi32> -> tensor<3x32xf32>
    return %y : tensor<3x32xf32>
  }
}
