// Sums that stay integers to the end of a row are held to what 32 bits take; sums that a group ends are not.
// RUN: tenon-opt %s --split-input-file --quantize-activations=mode=int8 --verify-diagnostics | FileCheck %s
// RUN: tenon-opt %s --split-input-file --quantize-activations | FileCheck %s --check-prefix=AUTO

!int8 = tensor<48x131072x!qt.quantized<#qt.int8>>
!int4 = tensor<48x262144x!qt.quantized<#qt.int4_group<group = 32>>>
// CHECK-LABEL: func.func @fit
// CHECK: #qt.rows_int8<group = 0, sums = 0{{[,>]}}
// CHECK: #qt.rows_int8<group = 0, sums = 32{{[,>]}}
func.func @fit(%x: tensor<?x131072xf32>, %y: tensor<?x262144xf32>, %a: !int8, %b: !int4) -> (tensor<?x48xf32>, tensor<?x48xf32>) {
  %0 = model.linear %x, %a : tensor<?x131072xf32>, !int8 -> tensor<?x48xf32>
  %1 = model.linear %y, %b : tensor<?x262144xf32>, !int4 -> tensor<?x48xf32>
  return %0, %1 : tensor<?x48xf32>, tensor<?x48xf32>
}

// -----

// AUTO-LABEL: func.func @tooLong
// AUTO: #qt.rows_int8<group = 32, sums = 32{{[,>]}}
!int8 = tensor<48x131076x!qt.quantized<#qt.int8>>
func.func @tooLong(%x: tensor<?x131076xf32>, %a: !int8) -> tensor<?x48xf32> {
  // expected-error @below {{a weight has 131076 inputs, more than the 131072 that one scale a row can sum in integers with one scale an output; give --activations auto or float, or weights with groups}}
  %0 = model.linear %x, %a : tensor<?x131076xf32>, !int8 -> tensor<?x48xf32>
  return %0 : tensor<?x48xf32>
}
