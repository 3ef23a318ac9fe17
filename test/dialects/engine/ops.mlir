// Every op and attribute of `engine` prints as it parses.
// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s

// CHECK: engine.variant "cpu:x86-64-v4" arena 8192 io 4096 kv 8192 weights [65536, 128] {
engine.variant "cpu:x86-64-v4" arena 8192 io 4096 kv 8192 weights [65536, 128] {
  // CHECK: engine.io "tokens" : tensor<16xi32> at <io, 0, 0, 64>
  engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
  // CHECK: engine.io "hidden" : tensor<1x16xf32> at <io, 0, 64, 64>
  engine.io "hidden" : tensor<1x16xf32> at #engine.slice<io, 0, 64, 64>
  // CHECK: engine.kv @layers.0.cache keys <kv, 0, 0, 4096> values <kv, 0, 4096, 4096>
  engine.kv @layers.0.cache keys #engine.slice<kv, 0, 0, 4096> values #engine.slice<kv, 0, 4096, 4096>
  // CHECK: engine.kernel @gather_16_0 "gather" flops 0 weight_bytes 1024 activation_bytes 1088 args 3 prologue "" epilogue "add,cast"
  engine.kernel @gather_16_0 "gather" flops 0 weight_bytes 1024 activation_bytes 1088 args 3 prologue "" epilogue "add,cast"
  // CHECK: engine.kernel @linear_16_0 "linear" flops 8 weight_bytes 8 activation_bytes 8 args 3 prologue "" epilogue "" by "bf16"
  engine.kernel @linear_16_0 "linear" flops 8 weight_bytes 8 activation_bytes 8 args 3 prologue "" epilogue "" by "bf16"
  // CHECK: engine.program "body" rows 16 {
  engine.program "body" rows 16 {
    // CHECK: engine.launch @gather_16_0 [#engine.slice<io, 0, 0, 64>, #engine.slice<weights, 1, 64, 64>, #engine.slice<arena, 0, 4096, 1024>]
    engine.launch @gather_16_0 [#engine.slice<io, 0, 0, 64>, #engine.slice<weights, 1, 64, 64>, #engine.slice<arena, 0, 4096, 1024>]
    // CHECK: engine.copy <io, 0, 64, 64> from <arena, 0, 4096, 64>
    engine.copy #engine.slice<io, 0, 64, 64> from #engine.slice<arena, 0, 4096, 64>
    // CHECK: engine.collective "all_reduce" <arena, 0, 0, 64>
    engine.collective "all_reduce" #engine.slice<arena, 0, 0, 64>
  }
}
