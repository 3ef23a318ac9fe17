// RUN: tenon-opt %s --allow-unregistered-dialect --form-kernels --merge-siblings | FileCheck %s

model.weight @up : tensor<48x32xbf16> from #model.checkpoint<"up", tensor<48x32xbf16>> recipe []

// gate and up meet in the product; up's weight is read before the group although it was read later.
// CHECK-LABEL: func.func @gate_up
// CHECK: %[[U:.*]] = model.get_weight @up
// CHECK: %[[GU:.*]]:2 = kernel.group "linear"(%arg0, %arg1, %[[U]])
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<2x32xf32>
// CHECK-NEXT: model.linear %[[X]]
// CHECK-NEXT: model.linear %[[X]]
// CHECK: model.activation  silu %[[GU]]#0
// CHECK: model.mul %{{.*}}, %[[GU]]#1
func.func @gate_up(%x: tensor<2x32xf32>, %gate: tensor<48x32xbf16>) -> tensor<2x48xf32> {
  %0 = model.linear %x, %gate : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %1 = model.activation silu %0 : tensor<2x48xf32>
  %up = model.get_weight @up : tensor<48x32xbf16>
  %2 = model.linear %x, %up : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %3 = model.mul %1, %2 : tensor<2x48xf32>
  return %3 : tensor<2x48xf32>
}

// q meets k and v in the cache; the MLP's linear on the same rows meets nothing of them and stays apart.
// CHECK-LABEL: func.func @parallel
// CHECK: %[[QKV:.*]]:3 = kernel.group "linear"(%arg0, %arg1, %arg2, %arg3)
// CHECK: kernel.group "linear"(%arg0, %arg4)
// CHECK: model.rope %[[QKV]]#0
// CHECK: model.rope %[[QKV]]#1
// CHECK: kernel.group "cache"(%{{.*}}, %[[QKV]]#2
func.func @parallel(%x: tensor<2x32xf32>, %wq: tensor<32x32xbf16>, %wk: tensor<8x32xbf16>, %wv: tensor<8x32xbf16>, %wm: tensor<48x32xbf16>,
                    %c: !model.cache<4 x 64 x 1 x 8 x bf16>, %p: tensor<2xi32>, %r: tensor<64x8xf32>, %s: tensor<2x4xi32>, %t: tensor<2x2xi32>)
    -> (tensor<2x32xf32>, tensor<2x48xf32>) {
  %q = model.linear %x, %wq : tensor<2x32xf32>, tensor<32x32xbf16> -> tensor<2x32xf32>
  %m = model.linear %x, %wm : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %k = model.linear %x, %wk : tensor<2x32xf32>, tensor<8x32xbf16> -> tensor<2x8xf32>
  %v = model.linear %x, %wv : tensor<2x32xf32>, tensor<8x32xbf16> -> tensor<2x8xf32>
  %qr = model.rope %q, %p, %r heads 4 : tensor<2x32xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x32xf32>
  %kr = model.rope %k, %p, %r heads 1 : tensor<2x8xf32>, tensor<2xi32>, tensor<64x8xf32> -> tensor<2x8xf32>
  model.cache_append %kr, %v into %c at %p, %p, %t
    : tensor<2x8xf32>, tensor<2x8xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2xi32>, tensor<2xi32>, tensor<2x2xi32>
  %a = model.attention %qr over %c at %s, %t heads 4 scale 1.0
    : tensor<2x32xf32>, !model.cache<4 x 64 x 1 x 8 x bf16>, tensor<2x4xi32>, tensor<2x2xi32> -> tensor<2x32xf32>
  return %a, %m : tensor<2x32xf32>, tensor<2x48xf32>
}

// Linears on different rows never share a group, whatever their results do.
// CHECK-LABEL: func.func @different_rows
// CHECK-COUNT-2: kernel.group "linear"
func.func @different_rows(%x: tensor<2x32xf32>, %y: tensor<2x32xf32>, %w: tensor<48x32xbf16>) -> tensor<2x48xf32> {
  %0 = model.linear %x, %w : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %1 = model.linear %y, %w : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %2 = model.mul %0, %1 : tensor<2x48xf32>
  return %2 : tensor<2x48xf32>
}

// A sibling whose bias is computed later than the first linear stays where it is.
// CHECK-LABEL: func.func @late_operand
// CHECK-COUNT-2: kernel.group "linear"
func.func @late_operand(%x: tensor<2x32xf32>, %w: tensor<48x32xbf16>, %b: tensor<48xf32>) -> tensor<2x48xf32> {
  %0 = model.linear %x, %w : tensor<2x32xf32>, tensor<48x32xbf16> -> tensor<2x48xf32>
  %late = "test.bias"(%b) : (tensor<48xf32>) -> tensor<48xf32>
  %1 = model.linear %x, %w bias %late : tensor<2x32xf32>, tensor<48x32xbf16>, tensor<48xf32> -> tensor<2x48xf32>
  %2 = model.mul %0, %1 : tensor<2x48xf32>
  return %2 : tensor<2x48xf32>
}

// Siblings in different formats stay apart: a kernel reads its weights in one.
// CHECK-LABEL: func.func @formats
// CHECK-COUNT-2: kernel.group "linear"
func.func @formats(%x: tensor<2x64xf32>, %gate: tensor<48x64x!qt.quantized<#qt.int4_group<group = 64>>>,
                   %up: tensor<48x64x!qt.quantized<#qt.int4_group<group = 64, asym = true>>>) -> tensor<2x48xf32> {
  %q = qt.quantize_rows %x : tensor<2x64xf32> -> tensor<2x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 64>>>
  %0 = model.linear %q, %gate : tensor<2x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 64>>>, tensor<48x64x!qt.quantized<#qt.int4_group<group = 64>>> -> tensor<2x48xf32>
  %1 = model.linear %q, %up : tensor<2x64x!qt.quantized<#qt.rows_int8<group = 0, sums = 64>>>, tensor<48x64x!qt.quantized<#qt.int4_group<group = 64, asym = true>>> -> tensor<2x48xf32>
  %2 = model.mul %0, %1 : tensor<2x48xf32>
  return %2 : tensor<2x48xf32>
}
