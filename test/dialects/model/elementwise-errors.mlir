// RUN: tenon-opt %s -verify-diagnostics -split-input-file

func.func @f(%a: tensor<4x32xf32>, %b: tensor<4x31xf32>) {
  // expected-error@+1 {{'model.add' op requires the same type for all operands and results}}
  %y = "model.add"(%a, %b) : (tensor<4x32xf32>, tensor<4x31xf32>) -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%a: tensor<4x32xf32>) {
  // expected-error@+1 {{'model.mul' op requires the same type for all operands and results}}
  %y = "model.mul"(%a, %a) : (tensor<4x32xf32>, tensor<4x32xf32>) -> tensor<4x32xbf16>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error@+1 {{'model.add' op operand #0 must be 2D tensor of 32-bit float or bfloat16 type values, but got 'tensor<4xf32>'}}
  %y = model.add %a, %a : tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4x32xf32>) {
  // expected-error@+2 {{to be one of: silu, gelu, gelu_tanh, relu}}
  // expected-error@+1 {{failed to parse Model_ActivationKindAttr parameter 'value'}}
  %y = model.activation swish %a : tensor<4x32xf32>
  return
}

// -----

func.func @f(%a: tensor<4x32xf32>) {
  // expected-error@+1 {{'model.activation' op requires the same type for all operands and results}}
  %y = "model.activation"(%a) {kind = #model<activation_kind silu>} : (tensor<4x32xf32>) -> tensor<5x32xf32>
  return
}

// -----

func.func @f(%a: tensor<4x32xf32>) {
  // expected-error@+1 {{'model.cast' op rows of the result is 5, expected 4 (rows of the input)}}
  %y = model.cast %a : tensor<4x32xf32> -> tensor<5x32xbf16>
  return
}

// -----

func.func @f(%a: tensor<4x32xf32>) {
  // expected-error@+1 {{'model.cast' op columns of the result is 31, expected 32 (columns of the input)}}
  %y = model.cast %a : tensor<4x32xf32> -> tensor<4x31xbf16>
  return
}
