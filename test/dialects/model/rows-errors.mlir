// RUN: tenon-opt %s -verify-diagnostics -split-input-file

func.func @f(%t: tensor<?xi32>, %e: tensor<64x32xbf16>) {
  // expected-error@+1 {{'model.embedding' op result has type 'tensor<?x32xbf16>', expected elements of f32 (rows are widened)}}
  %y = model.embedding %t, %e : tensor<?xi32>, tensor<64x32xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @f(%t: tensor<4xi32>, %e: tensor<64x32xbf16>) {
  // expected-error@+1 {{'model.embedding' op rows of the result is 5, expected 4 (number of tokens)}}
  %y = model.embedding %t, %e : tensor<4xi32>, tensor<64x32xbf16> -> tensor<5x32xf32>
  return
}

// -----

func.func @f(%t: tensor<4xi32>, %e: tensor<64x32xbf16>) {
  // expected-error@+1 {{'model.embedding' op columns of the result is 31, expected 32 (columns of the table)}}
  %y = model.embedding %t, %e : tensor<4xi32>, tensor<64x32xbf16> -> tensor<4x31xf32>
  return
}

// -----

func.func @f(%t: tensor<4xi32>, %e: tensor<64x?xbf16>) {
  // expected-error@+1 {{'model.embedding' op the table has a dynamic number of columns ('tensor<64x?xbf16>'), expected only rows to be dynamic}}
  %y = model.embedding %t, %e : tensor<4xi32>, tensor<64x?xbf16> -> tensor<4x31xf32>
  return
}

// -----

func.func @f(%t: tensor<4xi64>, %e: tensor<64x32xbf16>) {
  // expected-error@+1 {{'model.embedding' op operand #0 must be 1D tensor of 32-bit signless integer values, but got 'tensor<4xi64>'}}
  %y = model.embedding %t, %e : tensor<4xi64>, tensor<64x32xbf16> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<?x32xf32>, %r: tensor<2xi32>) {
  // expected-error@+1 {{'model.select_rows' op result has type 'tensor<2x32xbf16>', expected elements of 'f32' (the input's)}}
  %y = model.select_rows %x, %r : tensor<?x32xf32>, tensor<2xi32> -> tensor<2x32xbf16>
  return
}

// -----

func.func @f(%x: tensor<?x32xf32>, %r: tensor<2xi32>) {
  // expected-error@+1 {{'model.select_rows' op rows of the result is 3, expected 2 (number of indices)}}
  %y = model.select_rows %x, %r : tensor<?x32xf32>, tensor<2xi32> -> tensor<3x32xf32>
  return
}

// -----

func.func @f(%x: tensor<?x32xf32>, %r: tensor<2xi32>) {
  // expected-error@+1 {{'model.select_rows' op columns of the result is 33, expected 32 (columns of the input)}}
  %y = model.select_rows %x, %r : tensor<?x32xf32>, tensor<2xi32> -> tensor<2x33xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %g: tensor<31xf32>) {
  // expected-error@+1 {{'model.rms_norm' op size of the gain is 31, expected 32 (columns of the input)}}
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<31xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %g: tensor<32xf32>) {
  // expected-error@+1 {{'model.rms_norm' op rows of the result is 5, expected 4 (rows of the input)}}
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<5x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %g: tensor<32xf32>) {
  // expected-error@+1 {{'model.rms_norm' op columns of the result is 16, expected 32 (columns of the input)}}
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x16xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %g: tensor<32xf32>) {
  // expected-error@+1 {{'model.rms_norm' op eps is -1.000000e-05, expected 0 <= eps < 1}}
  %y = model.rms_norm %x, %g eps -1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %w: tensor<48x31xbf16>) {
  // expected-error@+1 {{'model.linear' op columns of the input is 32, expected 31 (columns of the weight)}}
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x31xbf16> -> tensor<4x48xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>) {
  // expected-error@+1 {{'model.linear' op rows of the result is 3, expected 4 (rows of the input)}}
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<3x48xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>) {
  // expected-error@+1 {{'model.linear' op columns of the result is 47, expected 48 (rows of the weight)}}
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x47xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>, %b: tensor<32xf32>) {
  // expected-error@+1 {{'model.linear' op size of the bias is 32, expected 48 (rows of the weight)}}
  %y = model.linear %x, %w bias %b : tensor<4x32xf32>, tensor<48x32xbf16>, tensor<32xf32> -> tensor<4x48xf32>
  return
}

// -----

func.func @f(%x: tensor<4x?xf32>, %w: tensor<48x32xbf16>) {
  // expected-error@+1 {{'model.linear' op the input has a dynamic number of columns ('tensor<4x?xf32>'), expected only rows to be dynamic}}
  %y = model.linear %x, %w : tensor<4x?xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf16>, %w: tensor<48x32xbf16>) {
  // expected-error@+1 {{'model.linear' op operand #0 must be 2D tensor of 32-bit float or bfloat16 type or quantized values, but got 'tensor<4x32xf16>'}}
  %y = model.linear %x, %w : tensor<4x32xf16>, tensor<48x32xbf16> -> tensor<4x48xf32>
  return
}
