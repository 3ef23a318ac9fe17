// RUN: tenon-opt %s --allow-unregistered-dialect --form-kernels | FileCheck %s

// Anchors move into groups; other ops stay.
// CHECK-LABEL: func.func @linear
// CHECK: %[[N:.*]] = model.rms_norm %arg0, %arg1
// CHECK: %[[Y:.*]] = kernel.group "linear"(%[[N]], %arg2, %arg3) : (tensor<2x32xf32>, tensor<32x32xbf16>, tensor<32xf32>) -> tensor<2x32xf32> {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<2x32xf32>, %[[W:.*]]: tensor<32x32xbf16>, %[[B:.*]]: tensor<32xf32>):
// CHECK-NEXT: %[[R:.*]] = model.linear %[[A]], %[[W]] bias %[[B]]
// CHECK-NEXT: kernel.yield %[[R]]
// CHECK: model.add %arg0, %[[Y]]
func.func @linear(%x: tensor<2x32xf32>, %g: tensor<32xf32>, %w: tensor<32x32xbf16>, %b: tensor<32xf32>) -> tensor<2x32xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  %y = model.linear %n, %w bias %b : tensor<2x32xf32>, tensor<32x32xbf16>, tensor<32xf32> -> tensor<2x32xf32>
  %z = model.add %x, %y : tensor<2x32xf32>
  return %z : tensor<2x32xf32>
}

// A value that is used twice is one input; an anchor without results makes a group without results.
// CHECK-LABEL: func.func @append
// CHECK: kernel.group "cache"(%arg0, %arg1, %arg2, %arg3) : (tensor<2x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2xi32>, tensor<2x2xi32>) -> () {
// CHECK: model.cache_append %[[K:.*]], %[[K]] into
func.func @append(%k: tensor<2x8xf32>, %c: !model.cache<4 x 64 x 1 x 8 x bf16>, %p: tensor<2xi32>, %t: tensor<2x2xi32>) {
  model.cache_append %k, %k into %c at %p, %p, %t
    : tensor<2x8xf32>, tensor<2x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2xi32>, tensor<2xi32>, tensor<2x2xi32>
  return
}
