// RUN: tenon-opt %s --allow-unregistered-dialect --form-kernels --merge-siblings --absorb-prologues | FileCheck %s

module attributes {kernel.target = #kernel.target<"t", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {inline_rows = 4}>} {

// Few rows: selection, norm and cast are done by every worker of the linear for itself.
// CHECK-LABEL: func.func @few
// CHECK-NOT: kernel.group "norm"
// CHECK: kernel.group "linear"(%arg0, %arg1, %arg2, %arg3)
// CHECK: model.select_rows
// CHECK-NEXT: model.rms_norm
// CHECK-NEXT: model.cast
// CHECK-NEXT: model.linear
func.func @few(%x: tensor<16x32xf32>, %rows: tensor<2xi32>, %g: tensor<32xf32>, %w: tensor<48x32xbf16>) -> tensor<2x48xf32> {
  %s = model.select_rows %x, %rows : tensor<16x32xf32>, tensor<2xi32> -> tensor<2x32xf32>
  %n = model.rms_norm %s, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  %c = model.cast %n : tensor<2x32xf32> -> tensor<2x32xbf16>
  %y = model.linear %c, %w : tensor<2x32xbf16>, tensor<48x32xbf16> -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// More rows than inline_rows: one kernel prepares them, narrow as the linear wants them.
// CHECK-LABEL: func.func @many
// CHECK: %[[N:.*]] = kernel.group "norm"(%arg0, %arg1) : (tensor<8x32xf32>, tensor<32xf32>) -> tensor<8x32xbf16>
// CHECK: model.rms_norm
// CHECK-NEXT: model.cast
// CHECK: kernel.group "linear"(%[[N]], %arg2)
func.func @many(%x: tensor<8x32xf32>, %g: tensor<32xf32>, %w: tensor<48x32xbf16>) -> tensor<8x48xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<8x32xf32>, tensor<32xf32> -> tensor<8x32xf32>
  %c = model.cast %n : tensor<8x32xf32> -> tensor<8x32xbf16>
  %y = model.linear %c, %w : tensor<8x32xbf16>, tensor<48x32xbf16> -> tensor<8x48xf32>
  return %y : tensor<8x48xf32>
}

// Rows of codes are prepared like narrow ones.
// CHECK-LABEL: func.func @codes
// CHECK-NOT: kernel.group "norm"
// CHECK: kernel.group "linear"(%arg0, %arg1, %arg2)
// CHECK: model.rms_norm
// CHECK-NEXT: qt.quantize_rows
// CHECK-NEXT: model.linear
func.func @codes(%x: tensor<2x64xf32>, %g: tensor<64xf32>, %w: tensor<48x64x!qt.quantized<#qt.q4_0>>) -> tensor<2x48xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x64xf32>, tensor<64xf32> -> tensor<2x64xf32>
  %q = qt.quantize_rows %n : tensor<2x64xf32> -> tensor<2x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>
  %y = model.linear %q, %w : tensor<2x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>> -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}
// CHECK-LABEL: func.func @many_codes
// CHECK: %[[Q:.*]] = kernel.group "norm"(%arg0, %arg1)
// CHECK: model.rms_norm
// CHECK-NEXT: qt.quantize_rows
// CHECK: kernel.group "linear"(%[[Q]], %arg2)
func.func @many_codes(%x: tensor<8x64xf32>, %g: tensor<64xf32>, %w: tensor<48x64x!qt.quantized<#qt.q4_0>>) -> tensor<8x48xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<8x64xf32>, tensor<64xf32> -> tensor<8x64xf32>
  %q = qt.quantize_rows %n : tensor<8x64xf32> -> tensor<8x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>
  %y = model.linear %q, %w : tensor<8x64x!qt.quantized<#qt.rows_int8<group = 32, sums = 32>>>, tensor<48x64x!qt.quantized<#qt.q4_0>> -> tensor<8x48xf32>
  return %y : tensor<8x48xf32>
}

// 4 rows of 4096 fill 64 KiB; 4 rows of 4112 are too many bytes for every worker's stack.
// CHECK-LABEL: func.func @just_fits
// CHECK-NOT: kernel.group "norm"
// CHECK: model.rms_norm
func.func @just_fits(%x: tensor<4x4096xf32>, %g: tensor<4096xf32>, %w: tensor<48x4096xbf16>) -> tensor<4x48xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<4x4096xf32>, tensor<4096xf32> -> tensor<4x4096xf32>
  %y = model.linear %n, %w : tensor<4x4096xf32>, tensor<48x4096xbf16> -> tensor<4x48xf32>
  return %y : tensor<4x48xf32>
}
// CHECK-LABEL: func.func @too_wide
// CHECK: kernel.group "norm"
func.func @too_wide(%x: tensor<4x4112xf32>, %g: tensor<4112xf32>, %w: tensor<48x4112xbf16>) -> tensor<4x48xf32> {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<4x4112xf32>, tensor<4112xf32> -> tensor<4x4112xf32>
  %y = model.linear %n, %w : tensor<4x4112xf32>, tensor<48x4112xbf16> -> tensor<4x48xf32>
  return %y : tensor<4x48xf32>
}

// Two groups each take a copy while both copies fit in the budget (2 x 2 x 4096 x 4 bytes), ...
// CHECK-LABEL: func.func @two_users
// CHECK-NOT: kernel.group "norm"
// CHECK-COUNT-2: model.rms_norm
func.func @two_users(%x: tensor<2x4096xf32>, %g: tensor<4096xf32>, %w: tensor<48x4096xbf16>) -> (tensor<2x48xf32>, tensor<2x48xf32>) {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x4096xf32>, tensor<4096xf32> -> tensor<2x4096xf32>
  %y = model.linear %n, %w : tensor<2x4096xf32>, tensor<48x4096xbf16> -> tensor<2x48xf32>
  %z = model.linear %n, %w : tensor<2x4096xf32>, tensor<48x4096xbf16> -> tensor<2x48xf32>
  return %y, %z : tensor<2x48xf32>, tensor<2x48xf32>
}
// ... and share one kernel's rows beyond it.
// CHECK-LABEL: func.func @two_users_of_more
// CHECK: %[[N:.*]] = kernel.group "norm"
// CHECK: model.rms_norm
// CHECK-NOT: model.rms_norm
// CHECK: kernel.group "linear"(%[[N]]
// CHECK: kernel.group "linear"(%[[N]]
func.func @two_users_of_more(%x: tensor<4x4096xf32>, %g: tensor<4096xf32>, %w: tensor<48x4096xbf16>) -> (tensor<4x48xf32>, tensor<4x48xf32>) {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<4x4096xf32>, tensor<4096xf32> -> tensor<4x4096xf32>
  %y = model.linear %n, %w : tensor<4x4096xf32>, tensor<48x4096xbf16> -> tensor<4x48xf32>
  %z = model.linear %n, %w : tensor<4x4096xf32>, tensor<48x4096xbf16> -> tensor<4x48xf32>
  return %y, %z : tensor<4x48xf32>, tensor<4x48xf32>
}

// Rows that something besides a linear reads are prepared once, for all.
// CHECK-LABEL: func.func @other_user
// CHECK: %[[N:.*]] = kernel.group "norm"
// CHECK: kernel.group "linear"(%[[N]]
// CHECK: return %{{.*}}, %[[N]]
func.func @other_user(%x: tensor<1x32xf32>, %g: tensor<32xf32>, %w: tensor<48x32xbf16>) -> (tensor<1x48xf32>, tensor<1x32xf32>) {
  %n = model.rms_norm %x, %g eps 1.0e-5 : tensor<1x32xf32>, tensor<32xf32> -> tensor<1x32xf32>
  %y = model.linear %n, %w : tensor<1x32xf32>, tensor<48x32xbf16> -> tensor<1x48xf32>
  return %y, %n : tensor<1x48xf32>, tensor<1x32xf32>
}

// A cast alone is not row preparation: it waits for the kernel that makes its input.
// CHECK-LABEL: func.func @cast_alone
// CHECK: %[[C:.*]] = model.cast %arg0
// CHECK: kernel.group "linear"(%[[C]]
func.func @cast_alone(%x: tensor<1x32xf32>, %w: tensor<48x32xbf16>) -> tensor<1x48xf32> {
  %c = model.cast %x : tensor<1x32xf32> -> tensor<1x32xbf16>
  %y = model.linear %c, %w : tensor<1x32xbf16>, tensor<48x32xbf16> -> tensor<1x48xf32>
  return %y : tensor<1x48xf32>
}

// A rotation that joined no cache group becomes a kernel by itself.
// CHECK-LABEL: func.func @rotation
// CHECK: kernel.group "cache"
// CHECK: model.rope
func.func @rotation(%x: tensor<1x32xf32>, %p: tensor<1xi32>, %r: tensor<64x8xf32>) -> tensor<1x32xf32> {
  %y = model.rope %x, %p, %r heads 4 : tensor<1x32xf32>, tensor<1xi32>, tensor<64x8xf32> -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

}
