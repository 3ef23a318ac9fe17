// RUN: tenon-opt %s --quantize-activations | FileCheck %s
// RUN: tenon-opt %s --quantize-activations=mode=int8 | FileCheck %s --check-prefix=ROWS
// RUN: tenon-opt %s --quantize-activations=mode=float | FileCheck %s --check-prefix=FLOAT
// RUN: not tenon-opt %s --quantize-activations=mode=int4 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: unknown format of activations "int4", expected auto, int8 or float

!int4 = tensor<48x128x!qt.quantized<#qt.int4_group<group = 128>>>
!asym = tensor<48x128x!qt.quantized<#qt.int4_group<group = 128, asym = true>>>
!q4_0 = tensor<48x128x!qt.quantized<#qt.q4_0>>
!int8 = tensor<48x128x!qt.quantized<#qt.int8>>

// Linears of equal input share the rows where their schemes are equal, zero points of the weights included. Float weights keep
// float rows.
// CHECK-LABEL: func.func @use
// CHECK: %[[A:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 32, sums = 32, zero = 8>
// CHECK: model.linear %[[A]], %arg1
// CHECK: %[[B:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 32, sums = 32>
// CHECK: model.linear %[[B]], %arg2
// CHECK: model.linear %[[A]], %arg3
// CHECK: %[[C:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 32, sums = 32, zero = 128>
// CHECK: model.linear %[[C]], %arg4
// CHECK: model.linear %arg0, %arg5
// CHECK-NOT: quantize_rows

// ROWS-LABEL: func.func @use
// ROWS: %[[A:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 0, sums = 128, zero = 8>
// ROWS: model.linear %[[A]], %arg1
// ROWS: %[[D:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 0, sums = 128>
// ROWS: model.linear %[[D]], %arg2
// ROWS: %[[B:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 0, sums = 32, zero = 8>
// ROWS: model.linear %[[B]], %arg3
// ROWS: %[[C:.*]] = qt.quantize_rows %arg0 {{.*}}#qt.rows_int8<group = 0, sums = 0, zero = 128>
// ROWS: model.linear %[[C]], %arg4
// ROWS: model.linear %arg0, %arg5
// ROWS-NOT: quantize_rows

// FLOAT-LABEL: func.func @use
// FLOAT-NOT: quantize_rows
func.func @use(%x: tensor<?x128xf32>, %a: !int4, %b: !asym, %c: !q4_0, %d: !int8, %e: tensor<48x128xbf16>)
    -> (tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>) {
  %0 = model.linear %x, %a : tensor<?x128xf32>, !int4 -> tensor<?x48xf32>
  %1 = model.linear %x, %b : tensor<?x128xf32>, !asym -> tensor<?x48xf32>
  %2 = model.linear %x, %c : tensor<?x128xf32>, !q4_0 -> tensor<?x48xf32>
  %3 = model.linear %x, %d : tensor<?x128xf32>, !int8 -> tensor<?x48xf32>
  %4 = model.linear %x, %e : tensor<?x128xf32>, tensor<48x128xbf16> -> tensor<?x48xf32>
  return %0, %1, %2, %3, %4 : tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>, tensor<?x48xf32>
}
