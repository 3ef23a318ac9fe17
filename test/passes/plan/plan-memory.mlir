// RUN: tenon-opt %s --split-input-file --plan-memory --verify-plan --verify-diagnostics | FileCheck %s

module attributes {kernel.target = #kernel.target<"cpu:test", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {

model.weight @gain : tensor<20xf32> from #model.checkpoint<"gain", tensor<20xf32>> recipe []
model.weight @w : tensor<20x20xbf16> from #model.checkpoint<"w", tensor<20x20xbf16>> recipe [#kernel.packed<n = 16, k = 2>]

kernel.func @double "elementwise" (tensor<2x20xf32>) -> tensor<2x20xf32> {
^bb0(%x: tensor<2x20xf32>):
  %0 = model.add %x, %x : tensor<2x20xf32>
  kernel.yield %0 : tensor<2x20xf32>
}
kernel.func @sum "elementwise" (tensor<2x20xf32>, tensor<2x20xf32>) -> tensor<2x20xf32> {
^bb0(%x: tensor<2x20xf32>, %y: tensor<2x20xf32>):
  %0 = model.add %x, %y : tensor<2x20xf32>
  kernel.yield %0 : tensor<2x20xf32>
}
kernel.func @linear "linear" (tensor<4x20xf32>, tensor<2xi32>, tensor<20xf32>, tensor<20x20xbf16>) -> tensor<2x20xf32>
    layouts [unit, unit, unit, #kernel.packed<n = 16, k = 2>] {
^bb0(%x: tensor<4x20xf32>, %r: tensor<2xi32>, %g: tensor<20xf32>, %w: tensor<20x20xbf16>):
  %0 = model.select_rows %x, %r : tensor<4x20xf32>, tensor<2xi32> -> tensor<2x20xf32>
  %1 = model.rms_norm %0, %g eps 1.0e-5 : tensor<2x20xf32>, tensor<20xf32> -> tensor<2x20xf32>
  %2 = model.linear %1, %w : tensor<2x20xf32>, tensor<20x20xbf16> -> tensor<2x20xf32>
  %3 = model.add %2, %2 : tensor<2x20xf32>
  kernel.yield %3 : tensor<2x20xf32>
}

// Three values of 160 bytes in the arena, two of them alive together at most: 2 x 192 bytes, rounded to a page.
// CHECK: engine.variant "cpu:test" arena 4096 io 4096 kv 0 weights [1408] {
// Io buffers hold the largest program's rows, in one order whatever the entries.
// CHECK-NEXT: engine.io "rows" : tensor<2xi32> at <io, 0, 0, 8>
// CHECK-NEXT: engine.io "hidden" : tensor<4x20xf32> at <io, 0, 64, 320>
// CHECK-NEXT: engine.io "logits" : tensor<2x20xf32> at <io, 0, 384, 160>
// CHECK-NEXT: engine.kernel @double "elementwise" flops 40 weight_bytes 0 activation_bytes 320 args 2 prologue "" epilogue ""
// CHECK-NEXT: engine.kernel @sum "elementwise" flops 40 weight_bytes 0 activation_bytes 480 args 3 prologue "" epilogue ""
// Activations: 4 x 20 and 2 x 20 floats, 2 indices. Weights count without padding.
// CHECK-NEXT: engine.kernel @linear "linear" flops 1800 weight_bytes 800 activation_bytes 488 args 5 prologue "select_rows,rms_norm" epilogue "add"
// CHECK-NEXT: engine.program "head" rows 2 {
// A packed weight is passed with its padding: 2 panels of 16 x 20.
// CHECK-NEXT: engine.launch @linear [#engine.slice<io, 0, 64, 320>, #engine.slice<io, 0, 0, 8>, #engine.slice<weights, 0, 0, 80>, #engine.slice<weights, 0, 128, 1280>, #engine.slice<arena, 0, 0, 160>]
// CHECK-NEXT: engine.launch @double [#engine.slice<arena, 0, 0, 160>, #engine.slice<arena, 0, 192, 160>]
// CHECK-NEXT: engine.launch @sum [#engine.slice<arena, 0, 192, 160>, #engine.slice<arena, 0, 192, 160>, #engine.slice<arena, 0, 0, 160>]
// The value that the entry returns is written straight to its buffer.
// CHECK-NEXT: engine.launch @double [#engine.slice<arena, 0, 0, 160>, #engine.slice<io, 0, 384, 160>]
// CHECK-NEXT: }
// CHECK-NOT: func.func
func.func @head_2(%hidden: tensor<4x20xf32>, %rows: tensor<2xi32>) -> tensor<2x20xf32> attributes {model.entry = "head", model.rows = 2} {
  %g = model.get_weight @gain : tensor<20xf32>
  %w = model.get_weight @w : tensor<20x20xbf16>
  %0 = kernel.launch @linear(%hidden, %rows, %g, %w) : (tensor<4x20xf32>, tensor<2xi32>, tensor<20xf32>, tensor<20x20xbf16>) -> tensor<2x20xf32>
  %1 = kernel.launch @double(%0) : (tensor<2x20xf32>) -> tensor<2x20xf32>
  %2 = kernel.launch @sum(%1, %1) : (tensor<2x20xf32>, tensor<2x20xf32>) -> tensor<2x20xf32>
  %3 = kernel.launch @double(%2) : (tensor<2x20xf32>) -> tensor<2x20xf32>
  return %3 : tensor<2x20xf32>
}
}

// -----

module attributes {kernel.target = #kernel.target<"cpu:test", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {

// A small weight starts on a cache line, one of 64 KiB on a page; keys and values of each layer start on pages.
model.weight @gain : tensor<20xf32> from #model.checkpoint<"gain", tensor<20xf32>> recipe []
model.weight @table : tensor<4096x4xf32> from #model.checkpoint<"table", tensor<4096x4xf32>> recipe []
model.weight @last : tensor<20xf32> from #model.checkpoint<"last", tensor<20xf32>> recipe []
model.cache @c0 : !model.cache<3 x 64 x 1 x 4 x bf16>
model.cache @c1 : !model.cache<3 x 64 x 1 x 4 x bf16>

kernel.func @gather "gather" (tensor<2xi32>, tensor<4096x4xf32>) -> tensor<2x4xf32> {
^bb0(%t: tensor<2xi32>, %w: tensor<4096x4xf32>):
  %0 = model.embedding %t, %w : tensor<2xi32>, tensor<4096x4xf32> -> tensor<2x4xf32>
  kernel.yield %0 : tensor<2x4xf32>
}
kernel.func @append "cache" (tensor<2x4xf32>, !model.cache<3 x 64 x 1 x 4 x bf16>, tensor<2xi32>, tensor<3x2xi32>) -> () {
^bb0(%k: tensor<2x4xf32>, %c: !model.cache<3 x 64 x 1 x 4 x bf16>, %p: tensor<2xi32>, %t: tensor<3x2xi32>):
  model.cache_append %k, %k into %c at %p, %p, %t : tensor<2x4xf32>, tensor<2x4xf32>, !model.cache<3 x 64 x 1 x 4 x bf16>, tensor<2xi32>, tensor<2xi32>, tensor<3x2xi32>
}

// CHECK: engine.variant "cpu:test" arena 0 io 4096 kv 16384 weights [69760] {
// CHECK-NEXT: engine.io "tokens" : tensor<2xi32> at <io, 0, 0, 8>
// CHECK-NEXT: engine.io "positions" : tensor<2xi32> at <io, 0, 64, 8>
// CHECK-NEXT: engine.io "slots" : tensor<2xi32> at <io, 0, 128, 8>
// CHECK-NEXT: engine.io "segments" : tensor<2x4xi32> at <io, 0, 192, 32>
// CHECK-NEXT: engine.io "block_table" : tensor<3x2xi32> at <io, 0, 256, 24>
// CHECK-NEXT: engine.io "hidden" : tensor<2x4xf32> at <io, 0, 320, 32>
// CHECK-NEXT: engine.kv @c0 keys <kv, 0, 0, 1536> values <kv, 0, 4096, 1536>
// CHECK-NEXT: engine.kv @c1 keys <kv, 0, 8192, 1536> values <kv, 0, 12288, 1536>
// CHECK-NEXT: engine.kernel @gather "gather" flops 0 weight_bytes 32 activation_bytes 40 args 3 prologue "" epilogue ""
// A cache takes two arguments and counts no activations.
// CHECK-NEXT: engine.kernel @append "cache" flops 0 weight_bytes 0 activation_bytes 64 args 5 prologue "" epilogue ""
// CHECK-NEXT: engine.program "body" rows 2 {
// The returned value is read by a later launch where it lies.
// CHECK-NEXT: engine.launch @gather [#engine.slice<io, 0, 0, 8>, #engine.slice<weights, 0, 4096, 65536>, #engine.slice<io, 0, 320, 32>]
// CHECK-NEXT: engine.launch @append [#engine.slice<io, 0, 320, 32>, #engine.slice<kv, 0, 8192, 1536>, #engine.slice<kv, 0, 12288, 1536>, #engine.slice<io, 0, 64, 8>, #engine.slice<io, 0, 256, 24>]
func.func @body_2(%tokens: tensor<2xi32>, %positions: tensor<2xi32>, %slots: tensor<2xi32>, %segments: tensor<2x4xi32>, %table: tensor<3x2xi32>)
    -> tensor<2x4xf32> attributes {model.entry = "body", model.rows = 2} {
  %c = model.get_cache @c1 : !model.cache<3 x 64 x 1 x 4 x bf16>
  %w = model.get_weight @table : tensor<4096x4xf32>
  %k = kernel.launch @gather(%tokens, %w) : (tensor<2xi32>, tensor<4096x4xf32>) -> tensor<2x4xf32>
  kernel.launch @append(%k, %c, %positions, %table) : (tensor<2x4xf32>, !model.cache<3 x 64 x 1 x 4 x bf16>, tensor<2xi32>, tensor<3x2xi32>) -> ()
  return %k : tensor<2x4xf32>
}
}

// -----

// An entry that computes nothing copies its rows.
// CHECK: engine.variant
// CHECK: engine.program "head" rows 4 {
// CHECK-NEXT: engine.copy <io, 0, 384, 320> from <io, 0, 64, 320>
module attributes {kernel.target = #kernel.target<"cpu:test", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {

func.func @head_4(%hidden: tensor<4x20xf32>, %rows: tensor<4xi32>) -> tensor<4x20xf32> attributes {model.entry = "head", model.rows = 4} {
  return %hidden : tensor<4x20xf32>
}
}

// -----

module attributes {kernel.target = #kernel.target<"cpu:test", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+fma"], "fma", {}>} {

func.func @body_4(%tokens: tensor<4xi32>, %positions: tensor<4xi32>, %slots: tensor<4xi32>, %segments: tensor<2x4xi32>, %table: tensor<3x2xi32>)
    -> tensor<4xi32> attributes {model.entry = "body", model.rows = 4} {
  return %tokens : tensor<4xi32>
}
// expected-error @below {{has 'tensor<4x20xf32>' as buffer 'hidden', another program 'tensor<4xi32>'}}
func.func @head_4(%hidden: tensor<4x20xf32>, %rows: tensor<4xi32>) -> tensor<4x20xf32> attributes {model.entry = "head", model.rows = 4} {
  return %hidden : tensor<4x20xf32>
}
}
