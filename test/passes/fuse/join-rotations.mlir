// RUN: tenon-opt %s --allow-unregistered-dialect --form-kernels --join-rotations | FileCheck %s

// Rotations of q and k ride with the write of k and v; q leaves as the group's result.
// CHECK-LABEL: func.func @layer
// CHECK-NOT: model.rope
// CHECK: %[[Q:.*]] = kernel.group "cache"(%arg0, %arg3, %arg4, %arg1, %arg2, %arg5, %arg6)
// CHECK: %[[R:.*]] = model.rope %{{.*}} heads 4
// CHECK-NEXT: %[[K:.*]] = model.rope %{{.*}} heads 1
// CHECK-NEXT: model.cache_append %[[K]], %{{.*}}
// CHECK-NEXT: kernel.yield %[[R]]
// CHECK: kernel.group "attention"(%[[Q]],
func.func @layer(%q: tensor<2x32xf32>, %k: tensor<2x8xf32>, %v: tensor<2x8xf32>, %p: tensor<2xi32>, %r: tensor<64x8xf32>,
                 %c: !model.cache<4 x 64 x 1 x 8 x bf16>, %t: tensor<2x2xi32>, %s: tensor<2x4xi32>) -> tensor<2x32xf32> {
  %qr = model.rope %q, %p, %r heads 4 : tensor<2x32xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x32xf32>
  %kr = model.rope %k, %p, %r heads 1 : tensor<2x8xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x8xf32>
  model.cache_append %kr, %v into %c at %p, %p, %t
    : tensor<2x8xf32>, tensor<2x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2xi32>, tensor<2xi32>, tensor<2x2xi32>
  %a = model.attention %qr over %c at %s, %t heads 4 scale 1.0
    : tensor<2x32xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2x4xi32>, tensor<2x2xi32> -> tensor<2x32xf32>
  return %a : tensor<2x32xf32>
}

// A rotation that something else reads too stays outside, so does one made after the write.
// CHECK-LABEL: func.func @shared
// CHECK: model.rope
// CHECK: kernel.group "cache"
// CHECK-NOT: model.rope
// CHECK: }
// CHECK: "test.late"
// CHECK: model.rope
func.func @shared(%q: tensor<2x32xf32>, %k: tensor<2x8xf32>, %v: tensor<2x8xf32>, %p: tensor<2xi32>, %r: tensor<64x8xf32>,
                  %c: !model.cache<4 x 64 x 1 x 8 x bf16>, %t: tensor<2x2xi32>, %s: tensor<2x4xi32>) -> (tensor<2x32xf32>, tensor<2x8xf32>) {
  %kr = model.rope %k, %p, %r heads 1 : tensor<2x8xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x8xf32>
  model.cache_append %kr, %v into %c at %p, %p, %t
    : tensor<2x8xf32>, tensor<2x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2xi32>, tensor<2xi32>, tensor<2x2xi32>
  %late = "test.late"(%q) : (tensor<2x32xf32>) -> tensor<2x32xf32>
  %qr = model.rope %late, %p, %r heads 4 : tensor<2x32xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x32xf32>
  %a = model.attention %qr over %c at %s, %t heads 4 scale 1.0
    : tensor<2x32xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2x4xi32>, tensor<2x2xi32> -> tensor<2x32xf32>
  return %a, %kr : tensor<2x32xf32>, tensor<2x8xf32>
}
