// RUN: tenon-opt %s -verify-diagnostics -split-input-file

// expected-error@+1 {{cache sizes are 8 x 0 x 2 x 8, expected positive pages, page_tokens, kv_heads and head_dim}}
model.cache @kv : !model.cache<8 x 0 x 2 x 8 x bf16>

// -----

// expected-error@+1 {{cache element type is 'i4', expected f32, f16, bf16 or i8}}
model.cache @kv : !model.cache<8 x 16 x 2 x 8 x i4>

// -----

// expected-error@+1 {{cache of 4294967296 x 65536 x 2 x 8 elements is larger than 2^48 bytes}}
model.cache @kv : !model.cache<4294967296 x 65536 x 2 x 8 x bf16>

// -----

// expected-error@+1 {{'model.cache' op attribute 'type' failed to satisfy constraint: type attribute of one layer's paged keys and values}}
model.cache @kv : i32

// -----

// expected-error@+1 {{checkpoint tensor has an empty name}}
model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"", tensor<4x4xbf16>> recipe []

// -----

// expected-error@+1 {{checkpoint tensor 'w' has type 'tensor<?x4xbf16>', expected a static shape below 2^48 bytes of f32, f16 or bf16 or of a weight scheme}}
model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"w", tensor<?x4xbf16>> recipe []

// -----

// expected-error@+1 {{checkpoint tensor 'w' has type 'tensor<4294967296x4294967296xbf16>', expected a static shape below 2^48 bytes of f32, f16 or bf16 or of a weight scheme}}
model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"w", tensor<4294967296x4294967296xbf16>> recipe []

// -----

// expected-error@+1 {{checkpoint tensor 'w' has type 'tensor<4xi64>'}}
model.weight @w : tensor<4xf32> from #model.checkpoint<"w", tensor<4xi64>> recipe []

// -----

// expected-error@+1 {{rope table has 0 positions, expected a positive number}}
model.weight @r : tensor<0x8xf32> from #model.rope_table<0, 8, {}> recipe []

// -----

// expected-error@+1 {{rope table has head size 7, expected a positive even number}}
model.weight @r : tensor<4x7xf32> from #model.rope_table<4, 7, {}> recipe []

// -----

// expected-error@+1 {{rope table of 281474976710656 x 8 floats is larger than 2^48 bytes}}
model.weight @r : tensor<4x8xf32> from #model.rope_table<281474976710656, 8, {}> recipe []

// -----

// expected-error@+1 {{conversion to 'i8', expected f32, f16 or bf16}}
model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"w", tensor<4x4xbf16>> recipe [#model.convert<i8>]

// -----

// expected-error@+1 {{'model.weight' op source is "w", expected #model.checkpoint or a generated table}}
model.weight @w : tensor<4x4xbf16> from "w" recipe []

// -----

// expected-error@+1 {{'model.weight' op recipe step 1 is 7 : i64, expected a recipe step such as #model.convert}}
model.weight @w : tensor<4x4xf16> from #model.checkpoint<"w", tensor<4x4xbf16>> recipe [#model.convert<f16>, 7]

// -----

// expected-error@+1 {{'model.weight' op has type 'tensor<4x4xbf16>', expected 'tensor<4x4xf16>' (its source after the recipe)}}
model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"w", tensor<4x4xbf16>> recipe [#model.convert<f16>]

// -----

// expected-error@+1 {{'model.weight' op recipe step 0: cannot pack 'tensor<4xbf16>', expected a matrix}}
model.weight @w : tensor<4xbf16> from #model.checkpoint<"w", tensor<4xbf16>> recipe [#kernel.packed<n = 16, k = 2>]

// -----

func.func @f() {
  // expected-error@+1 {{'model.get_weight' op names @w, expected a 'model.weight' symbol}}
  %w = model.get_weight @w : tensor<4x4xbf16>
  return
}

// -----

// expected-note@+1 {{the symbol is a 'model.cache'}}
model.cache @kv : !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f() {
  // expected-error@+1 {{'model.get_weight' op names @kv, expected a 'model.weight' symbol}}
  %w = model.get_weight @kv : tensor<4x4xbf16>
  return
}

// -----

model.weight @w : tensor<4x4xbf16> from #model.checkpoint<"w", tensor<4x4xbf16>> recipe []
func.func @f() {
  // expected-error@+1 {{'model.get_weight' op has type 'tensor<4x4xf32>', expected 'tensor<4x4xbf16>' (the type of @w)}}
  %w = model.get_weight @w : tensor<4x4xf32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'model.get_cache' op names @kv, expected a 'model.cache' symbol}}
  %w = model.get_cache @kv : !model.cache<8 x 16 x 2 x 8 x bf16>
  return
}

// -----

model.cache @kv : !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f() {
  // expected-error@+1 {{'model.get_cache' op has type '!model.cache<8 x 16 x 2 x 8 x f32>', expected '!model.cache<8 x 16 x 2 x 8 x bf16>' (the type of @kv)}}
  %w = model.get_cache @kv : !model.cache<8 x 16 x 2 x 8 x f32>
  return
}
