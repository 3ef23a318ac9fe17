// What the optimizer may do: drop what nobody reads, but keep and order what touches a cache.
// RUN: tenon-opt %s --cse --canonicalize | FileCheck %s

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>

kernel.func @norm_0 "norm" (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32> {
^bb0(%x: tensor<4x32xf32>, %g: tensor<32xf32>):
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
  kernel.yield %y : tensor<4x32xf32>
}
kernel.func @append_0 "cache" (tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<2x4xi32>) -> () {
^bb0(%k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>):
  model.cache_append %k, %k into %c at %p, %p, %b : tensor<4x16xf32>, tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
}

// CHECK-LABEL: func.func @launches
func.func @launches(%x: tensor<4x32xf32>, %g: tensor<32xf32>, %k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>) {
  // CHECK-NOT: @norm_0
  %unused = kernel.launch @norm_0(%x, %g) : (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32>
  // CHECK: kernel.launch @append_0
  kernel.launch @append_0(%k, %c, %p, %b) : (tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<2x4xi32>) -> ()
  return
}

// CHECK-LABEL: func.func @groups
func.func @groups(%x: tensor<4x32xf32>, %g: tensor<32xf32>, %k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>) {
  // CHECK-NOT: "norm"
  %unused = kernel.group "norm" (%x, %g) : (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32> {
  ^bb0(%a: tensor<4x32xf32>, %h: tensor<32xf32>):
    %y = model.rms_norm %a, %h eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
    kernel.yield %y : tensor<4x32xf32>
  }
  // CHECK: kernel.group "cache"
  kernel.group "cache" (%k, %c, %p, %b) : (tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<2x4xi32>) -> () {
  ^bb0(%k1: tensor<4x16xf32>, %c1: !cache, %p1: tensor<4xi32>, %b1: tensor<2x4xi32>):
    model.cache_append %k1, %k1 into %c1 at %p1, %p1, %b1 : tensor<4x16xf32>, tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
  }
  return
}

// Two reads of the cache with a write between them are not the same; two sums are.
// CHECK-LABEL: func.func @order
func.func @order(%q: tensor<4x32xf32>, %k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) -> (tensor<4x32xf32>, tensor<4x32xf32>) {
  // CHECK: %[[BEFORE:.*]] = model.attention
  %before = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  // CHECK: model.cache_append
  model.cache_append %k, %k into %c at %p, %p, %b : tensor<4x16xf32>, tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
  // CHECK: %[[AFTER:.*]] = model.attention
  %after = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  // CHECK: %[[SUM:.*]] = model.add %[[BEFORE]], %[[AFTER]]
  %0 = model.add %before, %after : tensor<4x32xf32>
  %1 = model.add %before, %after : tensor<4x32xf32>
  // CHECK: return %[[SUM]], %[[SUM]]
  return %0, %1 : tensor<4x32xf32>, tensor<4x32xf32>
}
