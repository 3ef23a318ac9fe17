// RUN: split-file %s %t
// RUN: tenon-opt %t/entries.mlir '--instantiate-steps=body-rows=1,16 head-rows=1,2' | FileCheck %s
// RUN: not tenon-opt %t/entries.mlir --instantiate-steps=body-rows=1 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not tenon-opt %t/entries.mlir '--instantiate-steps=body-rows=4,2 head-rows=1' 2>&1 | FileCheck %s --check-prefix=ORDER
// RUN: tenon-opt %t/errors.mlir --split-input-file '--instantiate-steps=body-rows=1 head-rows=1' --verify-diagnostics

// MISSING: no head-rows given, expected ascending row counts such as 1,16
// ORDER: body-rows has 2 at place 1, expected ascending positive row counts

// A step of one row has one segment, a larger one at most as many as there are sequences.
// CHECK-LABEL: func.func @body_1(
// CHECK-SAME: tensor<1xi32>, %{{.*}}: tensor<1xi32>, %{{.*}}: tensor<1xi32>, %{{.*}}: tensor<1x4xi32>, %{{.*}}: tensor<3x2xi32>) -> tensor<1x32xf32>
// CHECK-SAME: attributes {model.entry = "body", model.rows = 1 : i64}
// CHECK: model.embedding {{.*}} -> tensor<1x32xf32>
// CHECK: model.add {{.*}} : tensor<1x32xf32>
// CHECK-LABEL: func.func @body_16(
// CHECK-SAME: tensor<16xi32>, %{{.*}}: tensor<16xi32>, %{{.*}}: tensor<16xi32>, %{{.*}}: tensor<3x4xi32>, %{{.*}}: tensor<3x2xi32>) -> tensor<16x32xf32>
// CHECK: model.attention {{.*}} -> tensor<16x32xf32>
// Every head reads the rows of the largest body and selects its own.
// CHECK-LABEL: func.func @head_1(%arg0: tensor<16x32xf32>, %arg1: tensor<1xi32>) -> tensor<1x32xf32>
// CHECK: model.select_rows %arg0, %arg1 : tensor<16x32xf32>, tensor<1xi32> -> tensor<1x32xf32>
// CHECK-LABEL: func.func @head_2(%arg0: tensor<16x32xf32>, %arg1: tensor<2xi32>) -> tensor<2x32xf32>
// CHECK-NOT: func.func

//--- entries.mlir
model.weight @table : tensor<96x32xf32> from #model.checkpoint<"table", tensor<96x32xf32>> recipe []
model.cache @kv : !model.cache<4 x 64 x 1 x 32 x f32>
func.func @body(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %slots: tensor<?xi32>, %segments: tensor<?x4xi32>, %block_table: tensor<3x2xi32>)
    -> tensor<?x32xf32> attributes {model.entry = "body"} {
  %w = model.get_weight @table : tensor<96x32xf32>
  %c = model.get_cache @kv : !model.cache<4 x 64 x 1 x 32 x f32>
  %0 = model.embedding %tokens, %w : tensor<?xi32>, tensor<96x32xf32> -> tensor<?x32xf32>
  %1 = model.add %0, %0 : tensor<?x32xf32>
  %2 = model.attention %1 over %c at %segments, %block_table heads 1 scale 1.0
    : tensor<?x32xf32>, !model.cache<4 x 64 x 1 x 32 x f32>, tensor<?x4xi32>, tensor<3x2xi32> -> tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}
func.func @head(%hidden: tensor<?x32xf32>, %rows: tensor<?xi32>) -> tensor<?x32xf32> attributes {model.entry = "head"} {
  %0 = model.select_rows %hidden, %rows : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

//--- errors.mlir
// expected-error @below {{must have the attribute 'model.entry', "body" or "head"}}
func.func @tail(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  return %x : tensor<?x32xf32>
}

// -----

// expected-error @below {{is entry "head" with 1 arguments and 1 results, expected (hidden, rows) -> logits}}
func.func @head(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {model.entry = "head"} {
  return %x : tensor<?x32xf32>
}
