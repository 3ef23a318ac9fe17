// RUN: tenon-opt %s --allow-unregistered-dialect --split-input-file --verify-steps --verify-diagnostics

func.func @head_2(%hidden: tensor<4x32xf32>, %rows: tensor<2xi32>) -> tensor<2x32xf32> attributes {model.entry = "head", model.rows = 2} {
  %0 = model.select_rows %hidden, %rows : tensor<4x32xf32>, tensor<2xi32> -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

// expected-error @below {{must have the attribute 'model.rows'}}
func.func @head(%hidden: tensor<4x32xf32>, %rows: tensor<2xi32>) -> tensor<2x32xf32> attributes {model.entry = "head"} {
  %0 = model.select_rows %hidden, %rows : tensor<4x32xf32>, tensor<2xi32> -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

// expected-error @below {{takes 'tensor<?xi32>' as rows in a step of 2 rows}}
func.func @head_2(%hidden: tensor<4x32xf32>, %rows: tensor<?xi32>) -> tensor<?x32xf32> attributes {model.entry = "head", model.rows = 2} {
  %0 = model.select_rows %hidden, %rows : tensor<4x32xf32>, tensor<?xi32> -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

func.func @head_2(%hidden: tensor<4x32xf32>, %rows: tensor<2xi32>) -> tensor<?x32xf32> attributes {model.entry = "head", model.rows = 2} {
  // expected-error @below {{has the dynamic type 'tensor<?x32xf32>' after the steps were instantiated}}
  %0 = "test.rows"(%hidden) : (tensor<4x32xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

func.func @a(%hidden: tensor<4x32xf32>, %rows: tensor<4xi32>) -> tensor<4x32xf32> attributes {model.entry = "head", model.rows = 4} {
  return %hidden : tensor<4x32xf32>
}
// expected-error @below {{is the second "head" of 4 rows}}
func.func @b(%hidden: tensor<4x32xf32>, %rows: tensor<4xi32>) -> tensor<4x32xf32> attributes {model.entry = "head", model.rows = 4} {
  return %hidden : tensor<4x32xf32>
}
