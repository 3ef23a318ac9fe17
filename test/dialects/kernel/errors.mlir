// RUN: tenon-opt %s -verify-diagnostics -split-input-file

// expected-error@+1 {{dot is "vnni", expected "fma", "bf16" or "amx"}}
#t = #kernel.target<"cpu:x", "x86_64-unknown-linux-gnu", "x", [], "vnni", {}>

// -----

// expected-error@+1 {{feature is "avx2", expected a string such as "+avx2"}}
#t = #kernel.target<"cpu:x", "x86_64-unknown-linux-gnu", "x", ["avx2"], "fma", {}>

// -----

// expected-error@+1 {{feature "+avx2" follows "fma", expected features sorted by name, each once}}
#t = #kernel.target<"cpu:x", "x86_64-unknown-linux-gnu", "x", ["+fma", "+avx2"], "fma", {}>

// -----

// expected-error@+1 {{number '"l1_bytes"' is "32k", expected an integer}}
#t = #kernel.target<"cpu:x", "x86_64-unknown-linux-gnu", "x", [], "fma", {l1_bytes = "32k"}>

// -----

// expected-error@+1 {{packed layout has n = 0, k = 2, expected both in 1..1024}}
#p = #kernel.packed<n = 0, k = 2>

// -----

// expected-error@+1 {{dot is "int8", expected "fma", "bf16" or "amx"}}
#p = #kernel.tiling<dot = "int8", rows = 1, panels = 1, depth = 0, streams = 1, prefetch = 0>

// -----

// expected-error@+1 {{tiling has rows = 0, panels = 1, streams = 1, expected each to be 1 or more}}
#p = #kernel.tiling<dot = "fma", rows = 0, panels = 1, depth = 0, streams = 1, prefetch = 0>

// -----

// expected-error@+1 {{tiling has depth = -1, prefetch = 0, expected each to be 0 or more}}
#p = #kernel.tiling<dot = "fma", rows = 1, panels = 1, depth = -1, streams = 1, prefetch = 0>

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.group' op has 0 block arguments, expected 1 (inputs of the kernel)}}
  kernel.group "norm" (%x) : (tensor<4x32xf32>) -> () {
  }
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.group' op block argument 0 has type 'tensor<5x32xf32>', expected 'tensor<4x32xf32>' (inputs of the kernel)}}
  kernel.group "norm" (%x) : (tensor<4x32xf32>) -> () {
  ^bb0(%a: tensor<5x32xf32>):
  }
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.group' op yielded value 0 has type 'tensor<4x32xf32>', expected 'tensor<5x32xf32>' (results of the kernel)}}
  %y = kernel.group "norm" (%x) : (tensor<4x32xf32>) -> tensor<5x32xf32> {
  ^bb0(%a: tensor<4x32xf32>):
    kernel.yield %a : tensor<4x32xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.group' op has no op that leads a "norm" kernel}}
  %y = kernel.group "norm" (%x) : (tensor<4x32xf32>) -> tensor<4x32xf32> {
  ^bb0(%a: tensor<4x32xf32>):
    %b = model.add %a, %a : tensor<4x32xf32>
    kernel.yield %b : tensor<4x32xf32>
  }
  return
}

// -----

model.weight @w : tensor<48x32xbf16> from #model.checkpoint<"w", tensor<48x32xbf16>> recipe []
kernel.func @k "linear" (tensor<4x32xf32>) -> tensor<4x48xf32> {
^bb0(%x: tensor<4x32xf32>):
  // expected-error@+1 {{'model.get_weight' op has no place in a kernel, expected anchors, prologue and elementwise ops of `model`; weights and caches come in as operands}}
  %w = model.get_weight @w : tensor<48x32xbf16>
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
  kernel.yield %y : tensor<4x48xf32>
}

// -----

// expected-error@+1 {{'kernel.func' op has 1 layouts, expected 2 (one per operand)}}
kernel.func @k "linear" (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> layouts [unit] {
^bb0(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>):
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
  kernel.yield %y : tensor<4x48xf32>
}

// -----

// expected-error@+1 {{'kernel.func' op layout 1 is 3 : i64, expected unit or #kernel.packed}}
kernel.func @k "linear" (tensor<4x32xf32>, tensor<48x32xbf16>) -> tensor<4x48xf32> layouts [unit, 3] {
^bb0(%x: tensor<4x32xf32>, %w: tensor<48x32xbf16>):
  %y = model.linear %x, %w : tensor<4x32xf32>, tensor<48x32xbf16> -> tensor<4x48xf32>
  kernel.yield %y : tensor<4x48xf32>
}

// -----

// expected-error@+1 {{'kernel.func' op layout 1 is #kernel.packed<n = 16, k = 2> on 'tensor<32xf32>', expected a weight matrix}}
kernel.func @k "norm" (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32> layouts [unit, #kernel.packed<n = 16, k = 2>] {
^bb0(%x: tensor<4x32xf32>, %g: tensor<32xf32>):
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
  kernel.yield %y : tensor<4x32xf32>
}

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.yield' op expects parent op to be one of 'kernel.group, kernel.func'}}
  kernel.yield %x : tensor<4x32xf32>
}

// -----

func.func @f(%x: tensor<4x32xf32>) {
  // expected-error@+1 {{'kernel.launch' op names @f, expected a 'kernel.func' symbol}}
  kernel.launch @f(%x) : (tensor<4x32xf32>) -> ()
  return
}

// -----

kernel.func @k "norm" (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32> {
^bb0(%x: tensor<4x32xf32>, %g: tensor<32xf32>):
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
  kernel.yield %y : tensor<4x32xf32>
}
func.func @operands(%x: tensor<4x32xf32>, %g: tensor<16xf32>) {
  // expected-error@+1 {{'kernel.launch' op operand 1 has type 'tensor<16xf32>', expected 'tensor<32xf32>' (the kernel's)}}
  %y = kernel.launch @k(%x, %g) : (tensor<4x32xf32>, tensor<16xf32>) -> tensor<4x32xf32>
  return
}

// -----

kernel.func @k "norm" (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32> {
^bb0(%x: tensor<4x32xf32>, %g: tensor<32xf32>):
  %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x32xf32>, tensor<32xf32> -> tensor<4x32xf32>
  kernel.yield %y : tensor<4x32xf32>
}
func.func @results(%x: tensor<4x32xf32>, %g: tensor<32xf32>) {
  // expected-error@+1 {{'kernel.launch' op has 0 results, expected 1 (the kernel's)}}
  kernel.launch @k(%x, %g) : (tensor<4x32xf32>, tensor<32xf32>) -> ()
  return
}
