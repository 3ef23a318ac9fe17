// RUN: tenon-opt %s --split-input-file --allow-unregistered-dialect --verify-kernels --verify-diagnostics

kernel.func @norm "norm" (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xbf16> {
^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>):
  %0 = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  %1 = model.cast %0 : tensor<2x32xf32> -> tensor<2x32xbf16>
  kernel.yield %1 : tensor<2x32xbf16>
}
func.func @good(%x: tensor<2x32xf32>, %g: tensor<32xf32>) -> tensor<2x32xbf16> {
  %0 = kernel.launch @norm(%x, %g) : (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xbf16>
  return %0 : tensor<2x32xbf16>
}

// -----

func.func @left(%x: tensor<2x32xf32>) -> tensor<2x32xf32> {
  // expected-error @below {{is in no kernel after the phase `fuse`}}
  %0 = model.add %x, %x : tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

// expected-error @below {{is launched nowhere}}
kernel.func @norm "norm" (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xf32> {
^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>):
  %0 = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  kernel.yield %0 : tensor<2x32xf32>
}

// -----

kernel.func @k "linear" (tensor<2x32xf32>, tensor<2x32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32> {
^bb0(%x: tensor<2x32xf32>, %y: tensor<2x32xf32>, %w: tensor<32x32xf32>):
  %0 = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xf32> -> tensor<2x32xf32>
  // expected-error @below {{reads other rows than the first linear of its kernel @k}}
  %1 = model.linear %y, %w : tensor<2x32xf32>, tensor<32x32xf32> -> tensor<2x32xf32>
  %2 = model.add %0, %1 : tensor<2x32xf32>
  kernel.yield %2 : tensor<2x32xf32>
}
func.func @use(%x: tensor<2x32xf32>, %w: tensor<32x32xf32>) -> tensor<2x32xf32> {
  %0 = kernel.launch @k(%x, %x, %w) : (tensor<2x32xf32>, tensor<2x32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

kernel.func @k "linear" (tensor<2x32xf32>, tensor<32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32> {
^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>, %w: tensor<32x32xf32>):
  %0 = model.linear %x, %w : tensor<2x32xf32>, tensor<32x32xf32> -> tensor<2x32xf32>
  // expected-error @below {{prepares rows after the linears of its kernel @k}}
  %1 = model.rms_norm %0, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  kernel.yield %1 : tensor<2x32xf32>
}
func.func @use(%x: tensor<2x32xf32>, %g: tensor<32xf32>, %w: tensor<32x32xf32>) -> tensor<2x32xf32> {
  %0 = kernel.launch @k(%x, %g, %w) : (tensor<2x32xf32>, tensor<32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

kernel.func @k "linear" (tensor<2x32xf32>, tensor<32xf32>, tensor<32x32xf32>) -> (tensor<2x32xf32>, tensor<2x32xf32>) {
^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>, %w: tensor<32x32xf32>):
  // expected-error @below {{is a prologue of @k but feeds more than its linears}}
  %0 = model.rms_norm %x, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  %1 = model.linear %0, %w : tensor<2x32xf32>, tensor<32x32xf32> -> tensor<2x32xf32>
  kernel.yield %1, %0 : tensor<2x32xf32>, tensor<2x32xf32>
}
func.func @use(%x: tensor<2x32xf32>, %g: tensor<32xf32>, %w: tensor<32x32xf32>) -> tensor<2x32xf32> {
  %0:2 = kernel.launch @k(%x, %g, %w) : (tensor<2x32xf32>, tensor<32xf32>, tensor<32x32xf32>) -> (tensor<2x32xf32>, tensor<2x32xf32>)
  return %0#0 : tensor<2x32xf32>
}

// -----

kernel.func @k "norm" (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xf32> {
^bb0(%x: tensor<2x32xf32>, %g: tensor<32xf32>):
  %0 = model.add %x, %x : tensor<2x32xf32>
  // expected-error @below {{stands after the epilogue of its kernel @k}}
  %1 = model.rms_norm %0, %g eps 1.0e-5 : tensor<2x32xf32>, tensor<32xf32> -> tensor<2x32xf32>
  kernel.yield %1 : tensor<2x32xf32>
}
func.func @use(%x: tensor<2x32xf32>, %g: tensor<32xf32>) -> tensor<2x32xf32> {
  %0 = kernel.launch @k(%x, %g) : (tensor<2x32xf32>, tensor<32xf32>) -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}

// -----

// expected-error @below {{has 2 anchors, expected one at most}}
kernel.func @k "gather" (tensor<2xi32>, tensor<64x32xf32>) -> tensor<2x32xf32> {
^bb0(%t: tensor<2xi32>, %w: tensor<64x32xf32>):
  %0 = model.embedding %t, %w : tensor<2xi32>, tensor<64x32xf32> -> tensor<2x32xf32>
  %1 = model.embedding %t, %w : tensor<2xi32>, tensor<64x32xf32> -> tensor<2x32xf32>
  %2 = model.add %0, %1 : tensor<2x32xf32>
  kernel.yield %2 : tensor<2x32xf32>
}
func.func @use(%t: tensor<2xi32>, %w: tensor<64x32xf32>) -> tensor<2x32xf32> {
  %0 = kernel.launch @k(%t, %w) : (tensor<2xi32>, tensor<64x32xf32>) -> tensor<2x32xf32>
  return %0 : tensor<2x32xf32>
}
