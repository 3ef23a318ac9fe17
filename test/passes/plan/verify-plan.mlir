// RUN: tenon-opt %s --split-input-file --verify-plan --verify-diagnostics

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<arena, 0, 0, 64>]
    engine.launch @double [#engine.slice<arena, 0, 0, 64>, #engine.slice<arena, 0, 64, 64>]
    engine.launch @double [#engine.slice<arena, 0, 64, 64>, #engine.slice<arena, 0, 0, 64>]
    engine.launch @double [#engine.slice<arena, 0, 0, 64>, #engine.slice<io, 0, 64, 64>]
  }
}

// -----

// expected-error @below {{expected one engine.variant and no entry after the phase `plan`}}
module {
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 0 has 128 bytes, expected 64}}
    engine.launch @double [#engine.slice<io, 0, 0, 128>, #engine.slice<arena, 0, 0, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 1 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{passes 1 slices, expected 2}}
    engine.launch @double [#engine.slice<io, 0, 0, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 0 reads #engine.slice<arena, 0, 0, 64>, which no earlier step has left there}}
    engine.launch @double [#engine.slice<arena, 0, 0, 64>, #engine.slice<arena, 0, 64, 64>]
  }
}

// -----

// A value that another launch has overwritten in part is gone.
kernel.func @wide "gather" (tensor<2xi32>, tensor<4x16xf32>) -> tensor<2x16xf32> {
^bb0(%t: tensor<2xi32>, %w: tensor<4x16xf32>):
  %0 = model.embedding %t, %w : tensor<2xi32>, tensor<4x16xf32> -> tensor<2x16xf32>
  kernel.yield %0 : tensor<2x16xf32>
}
kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.kernel @wide "gather" flops 0 weight_bytes 0 activation_bytes 0 args 3 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<arena, 0, 64, 64>]
    engine.launch @wide [#engine.slice<io, 0, 0, 8>, #engine.slice<weights, 0, 0, 256>, #engine.slice<arena, 0, 0, 128>]
    // expected-error @below {{argument 0 reads #engine.slice<arena, 0, 64, 64>, which no earlier step has left there}}
    engine.launch @double [#engine.slice<arena, 0, 64, 64>, #engine.slice<arena, 0, 128, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 1 overwrites argument 0 of the same launch}}
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<io, 0, 0, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 1 writes weights}}
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<weights, 0, 0, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 0 is #engine.slice<kv, 0, 0, 64>, expected a tensor}}
    engine.launch @double [#engine.slice<kv, 0, 0, 64>, #engine.slice<arena, 0, 0, 64>]
  }
}

// -----

kernel.func @other "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{runs @double, which is no kernel.func of the module}}
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<arena, 0, 0, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    // expected-error @below {{argument 1 is #engine.slice<io, 0, 128, 64>, which is not the start of any engine.io}}
    engine.launch @double [#engine.slice<io, 0, 0, 64>, #engine.slice<io, 0, 128, 64>]
  }
}

// -----

kernel.func @double "elementwise" (tensor<2x8xf32>) -> tensor<2x8xf32> {
^bb0(%x: tensor<2x8xf32>):
  %0 = model.add %x, %x : tensor<2x8xf32>
  kernel.yield %0 : tensor<2x8xf32>
}
engine.variant "t" arena 4096 io 4096 kv 4096 weights [4096] {
  engine.kernel @double "elementwise" flops 16 weight_bytes 0 activation_bytes 128 args 2 prologue "" epilogue ""
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  engine.io "hidden" : tensor<2x8xf32> at #engine.slice<io, 0, 64, 64>
  engine.program "body" rows 2 {
    engine.copy #engine.slice<arena, 0, 0, 64> from #engine.slice<io, 0, 0, 64>
    engine.copy #engine.slice<arena, 0, 64, 64> from #engine.slice<arena, 0, 0, 64>
    // expected-error @below {{reads #engine.slice<arena, 0, 128, 64>, which no earlier step has left there}}
    engine.copy #engine.slice<arena, 0, 0, 64> from #engine.slice<arena, 0, 128, 64>
  }
}
