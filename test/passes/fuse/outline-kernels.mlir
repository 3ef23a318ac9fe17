// RUN: tenon-opt %s --form-kernels --sink-epilogues --outline-kernels | FileCheck %s

model.weight @w0 : tensor<32x32xbf16> from #model.checkpoint<"w0", tensor<32x32xbf16>> recipe []
model.weight @w1 : tensor<32x32xbf16> from #model.checkpoint<"w1", tensor<32x32xbf16>> recipe []

// Named by anchor, rows and number; three kernels for five groups.
// CHECK: kernel.func @linear_2_0 "linear" (tensor<2x32xf32>, tensor<32x32xbf16>, tensor<2x32xf32>) -> tensor<2x32xf32> {
// CHECK: kernel.func @linear_2_1 "linear" (tensor<2x32xf32>, tensor<32x32xbf16>) -> tensor<2x32xf32> {
// CHECK: kernel.func @linear_2_2 "linear" (tensor<2x32xf32>, tensor<32x32xbf16>, tensor<2x32xf32>) -> tensor<2x32xf32> {
// CHECK-NOT: kernel.func

// Layers that differ only in their weights share a kernel.
// CHECK-LABEL: func.func @layers
// CHECK: %[[W0:.*]] = model.get_weight @w0
// CHECK: %[[Y:.*]] = kernel.launch @linear_2_0(%arg0, %[[W0]], %arg1)
// CHECK: %[[W1:.*]] = model.get_weight @w1
// CHECK: %[[Z:.*]] = kernel.launch @linear_2_0(%[[Y]], %[[W1]], %arg1)
func.func @layers(%x: tensor<2x32xf32>, %h: tensor<2x32xf32>) -> tensor<2x32xf32> {
  %w0 = model.get_weight @w0 : tensor<32x32xbf16>
  %0 = model.linear %x, %w0 : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %1 = model.add %h, %0 : tensor<2x32xf32>
  %w1 = model.get_weight @w1 : tensor<32x32xbf16>
  %2 = model.linear %1, %w1 : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %3 = model.add %h, %2 : tensor<2x32xf32>
  return %3 : tensor<2x32xf32>
}

// Another data flow or another op is another kernel; the same one is shared across functions.
// CHECK-LABEL: func.func @others
// CHECK: kernel.launch @linear_2_1
// CHECK: kernel.launch @linear_2_2
// CHECK: kernel.launch @linear_2_0
func.func @others(%x: tensor<2x32xf32>, %h: tensor<2x32xf32>, %w: tensor<32x32xbf16>) -> (tensor<2x32xf32>, tensor<2x32xf32>, tensor<2x32xf32>) {
  %0 = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %1 = model.add %0, %0 : tensor<2x32xf32>
  %2 = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %3 = model.mul %h, %2 : tensor<2x32xf32>
  %4 = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %5 = model.add %h, %4 : tensor<2x32xf32>
  return %1, %3, %5 : tensor<2x32xf32>, tensor<2x32xf32>, tensor<2x32xf32>
}
