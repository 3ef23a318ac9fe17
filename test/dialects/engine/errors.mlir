// RUN: tenon-opt %s --split-input-file --verify-diagnostics

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{slice offset 8 is not a multiple of 64}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 8, 8>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{a slice must hold at least one byte}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 0, 0>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{slice at 18446744073709551552 of 64 bytes overflows 64 bits}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 18446744073709551552, 64>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{region io has index 0 only, got 1}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 1, 0, 8>
}

// -----

// expected-error @below {{has a region of 100 bytes, expected multiples of 4096}}
engine.variant "t" arena 100 io 0 kv 0 weights [] {
}

// -----

// expected-error @below {{has a region of negative or absurd size}}
engine.variant "t" arena 0 io 0 kv 0 weights [-1] {
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{must lie in region io}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<arena, 0, 0, 8>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{holds 'tensor<2xi32>', 8 bytes, but its slice has 12}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 0, 12>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 0, 8>
  // expected-error @below {{repeats the name "tokens"}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 64, 8>
}

// -----

// expected-error @below {{has overlapping buffers #engine.slice<io, 0, 0, 128> and #engine.slice<io, 0, 64, 8>}}
engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  engine.io "tokens" : tensor<32xi32> at #engine.slice<io, 0, 0, 128>
  engine.io "slots" : tensor<2xi32> at #engine.slice<io, 0, 64, 8>
}

// -----

engine.variant "t" arena 0 io 4096 kv 0 weights [] {
  // expected-error @below {{uses bytes 4096 to 4104 of region io, which has 4096}}
  engine.io "tokens" : tensor<2xi32> at #engine.slice<io, 0, 4096, 8>
}

// -----

engine.variant "t" arena 0 io 4096 kv 4096 weights [] {
  // expected-error @below {{must lie in region kv}}
  engine.kv @c keys #engine.slice<kv, 0, 0, 64> values #engine.slice<io, 0, 0, 64>
}

// -----

engine.variant "t" arena 0 io 0 kv 0 weights [] {
  engine.kernel @k "norm" flops 0 weight_bytes 0 activation_bytes 0 args 1 prologue "" epilogue ""
  // expected-error @below {{is listed twice: @k}}
  engine.kernel @k "norm" flops 0 weight_bytes 0 activation_bytes 0 args 1 prologue "" epilogue ""
}

// -----

engine.variant "t" arena 0 io 0 kv 0 weights [] {
  // expected-error @below {{counts cannot be negative}}
  engine.kernel @k "norm" flops -1 weight_bytes 0 activation_bytes 0 args 1 prologue "" epilogue ""
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  engine.program "body" rows 1 {
    // expected-error @below {{runs @k, which no engine.kernel lists}}
    engine.launch @k [#engine.slice<arena, 0, 0, 64>]
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [64] {
  engine.kernel @k "norm" flops 0 weight_bytes 0 activation_bytes 0 args 1 prologue "" epilogue ""
  engine.program "body" rows 1 {
    // expected-error @below {{uses bytes 0 to 64 of region weights 1, which has 0}}
    engine.launch @k [#engine.slice<weights, 1, 0, 64>]
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  engine.kernel @k "norm" flops 0 weight_bytes 0 activation_bytes 0 args 2 prologue "" epilogue ""
  engine.program "body" rows 1 {
    // expected-error @below {{passes 1 arguments to @k, which takes 2}}
    engine.launch @k [#engine.slice<arena, 0, 0, 64>]
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  // expected-error @below {{entry must be "body" or "head", got "tail"}}
  engine.program "tail" rows 1 {
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  // expected-error @below {{must have at least one row, got 0}}
  engine.program "body" rows 0 {
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  engine.program "body" rows 1 {
    // expected-error @below {{copies 64 bytes to 128}}
    engine.copy #engine.slice<arena, 0, 0, 128> from #engine.slice<arena, 0, 128, 64>
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [64] {
  engine.program "body" rows 1 {
    // expected-error @below {{cannot write weights}}
    engine.copy #engine.slice<weights, 0, 0, 64> from #engine.slice<arena, 0, 0, 64>
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  engine.program "body" rows 1 {
    // expected-error @below {{has overlapping slices}}
    engine.copy #engine.slice<arena, 0, 0, 128> from #engine.slice<arena, 0, 64, 128>
  }
}

// -----

engine.variant "t" arena 4096 io 0 kv 0 weights [] {
  engine.program "body" rows 1 {
    // expected-error @below {{kind must be "all_reduce" or "all_gather", got "broadcast"}}
    engine.collective "broadcast" #engine.slice<arena, 0, 0, 64>
  }
}

// -----

engine.variant "t" arena 0 io 0 kv 4096 weights [] {
  engine.program "body" rows 1 {
    // expected-error @below {{works on the arena or io region only}}
    engine.collective "all_reduce" #engine.slice<kv, 0, 0, 64>
  }
}
