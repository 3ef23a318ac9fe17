// RUN: tenon-opt %s --allow-unregistered-dialect --form-kernels --merge-siblings --sink-epilogues | FileCheck %s

// A residual add moves into the linear that makes its last operand; the other operand becomes an input.
// CHECK-LABEL: func.func @residual
// CHECK: %[[Y:.*]] = kernel.group "linear"(%arg0, %arg1, %arg2)
// CHECK: %[[L:.*]] = model.linear
// CHECK-NEXT: %[[S:.*]] = model.add %{{.*}}, %[[L]]
// CHECK-NEXT: kernel.yield %[[S]] : tensor<2x32xf32>
// CHECK: return %[[Y]]
func.func @residual(%x: tensor<2x32xf32>, %w: tensor<32x32xbf16>, %h: tensor<2x32xf32>) -> tensor<2x32xf32> {
  %y = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %z = model.add %h, %y : tensor<2x32xf32>
  return %z : tensor<2x32xf32>
}

// A second user of the linear keeps its result beside the sum.
// CHECK-LABEL: func.func @second_user
// CHECK: %[[Y:.*]]:2 = kernel.group "linear"
// CHECK: kernel.yield %{{.*}}, %{{.*}} : tensor<2x32xf32>, tensor<2x32xf32>
// CHECK: return %[[Y]]#1, %[[Y]]#0
func.func @second_user(%x: tensor<2x32xf32>, %w: tensor<32x32xbf16>, %h: tensor<2x32xf32>) -> (tensor<2x32xf32>, tensor<2x32xf32>) {
  %y = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %z = model.add %h, %y : tensor<2x32xf32>
  return %z, %y : tensor<2x32xf32>, tensor<2x32xf32>
}

// A whole chain sinks; the narrowing at its end makes the buffer bf16.
// CHECK-LABEL: func.func @gate_up
// CHECK: kernel.group "linear"{{.*}} -> tensor<2x48xbf16>
// CHECK: model.activation
// CHECK-NEXT: model.mul
// CHECK-NEXT: model.cast
// CHECK-NEXT: kernel.yield
func.func @gate_up(%x: tensor<2x32xf32>, %gate: tensor<48x32xbf16>, %up: tensor<48x32xbf16>) -> tensor<2x48xbf16> {
  %0 = model.linear %x, %gate : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %1 = model.linear %x, %up : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %2 = model.activation silu %0 : tensor<2x48xf32>
  %3 = model.mul %2, %1 : tensor<2x48xf32>
  %4 = model.cast %3 : tensor<2x48xf32> -> tensor<2x48xbf16>
  return %4 : tensor<2x48xbf16>
}

// Of two producers the later one takes the op; the earlier one's result is its input.
// CHECK-LABEL: func.func @two_producers
// CHECK: %[[A:.*]] = kernel.group "linear"(%arg0, %arg2)
// CHECK-NOT: model.add
// CHECK: kernel.group "linear"(%arg1, %arg2, %[[A]])
// CHECK: model.add
func.func @two_producers(%x: tensor<2x32xf32>, %y: tensor<2x32xf32>, %w: tensor<48x32xbf16>) -> tensor<2x48xf32> {
  %a = model.linear %x, %w : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %b = model.linear %y, %w : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %c = model.add %b, %a : tensor<2x48xf32>
  return %c : tensor<2x48xf32>
}

// With no producer among the groups, ops make a kernel of their own, which the next op joins.
// CHECK-LABEL: func.func @no_producer
// CHECK: kernel.group "elementwise"(%arg0, %arg1)
// CHECK: model.mul
// CHECK-NEXT: model.add
// CHECK-NOT: kernel.group
// CHECK: return
func.func @no_producer(%x: tensor<2x32xf32>, %y: tensor<2x32xf32>) -> tensor<2x32xf32> {
  %0 = model.mul %x, %y : tensor<2x32xf32>
  %1 = model.add %0, %x : tensor<2x32xf32>
  return %1 : tensor<2x32xf32>
}

// An operand that something other than a group makes after the linear keeps the op outside it.
// CHECK-LABEL: func.func @late_operand
// CHECK: kernel.group "linear"
// CHECK: "test.late"
// CHECK: kernel.group "elementwise"
func.func @late_operand(%x: tensor<2x32xf32>, %w: tensor<32x32xbf16>) -> tensor<2x32xf32> {
  %y = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %late = "test.late"(%x) : (tensor<2x32xf32>) -> tensor<2x32xf32>
  %z = model.add %late, %y : tensor<2x32xf32>
  return %z : tensor<2x32xf32>
}
