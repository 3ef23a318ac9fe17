// RUN: tenon-opt %s -verify-diagnostics -split-input-file

func.func @f(%x: tensor<4x32xf32>, %p: tensor<4xi32>, %t: tensor<128x8xf32>) {
  // expected-error@+1 {{'model.rope' op heads is 0, expected a positive number}}
  %y = model.rope %x, %p, %t heads 0 : tensor<4x32xf32>, tensor<4xi32>, tensor<128x8xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %p: tensor<4xi32>, %t: tensor<128x8xf32>) {
  // expected-error@+1 {{'model.rope' op columns of the input is 32, expected a multiple of 5 (heads)}}
  %y = model.rope %x, %p, %t heads 5 : tensor<4x32xf32>, tensor<4xi32>, tensor<128x8xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x28xf32>, %p: tensor<4xi32>, %t: tensor<128x7xf32>) {
  // expected-error@+1 {{'model.rope' op head size is 7, expected a multiple of 2 (halves rotate against each other)}}
  %y = model.rope %x, %p, %t heads 4 : tensor<4x28xf32>, tensor<4xi32>, tensor<128x7xf32> -> tensor<4x28xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %p: tensor<4xi32>, %t: tensor<128x16xf32>) {
  // expected-error@+1 {{'model.rope' op columns of the table is 16, expected 8 (columns of the input per head)}}
  %y = model.rope %x, %p, %t heads 4 : tensor<4x32xf32>, tensor<4xi32>, tensor<128x16xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %p: tensor<3xi32>, %t: tensor<128x8xf32>) {
  // expected-error@+1 {{'model.rope' op number of positions is 3, expected 4 (rows of the input)}}
  %y = model.rope %x, %p, %t heads 4 : tensor<4x32xf32>, tensor<3xi32>, tensor<128x8xf32> -> tensor<4x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %p: tensor<4xi32>, %t: tensor<128x8xf32>) {
  // expected-error@+1 {{'model.rope' op rows of the result is 2, expected 4 (rows of the input)}}
  %y = model.rope %x, %p, %t heads 4 : tensor<4x32xf32>, tensor<4xi32>, tensor<128x8xf32> -> tensor<2x32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x32xf32>, %p: tensor<4xi32>, %t: tensor<128x8xf32>) {
  // expected-error@+1 {{'model.rope' op columns of the result is 16, expected 32 (columns of the input)}}
  %y = model.rope %x, %p, %t heads 4 : tensor<4x32xf32>, tensor<4xi32>, tensor<128x8xf32> -> tensor<4x16xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%k: tensor<4x32xf32>, %v: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.cache_append' op columns of the keys is 32, expected 16 (kv_heads x head_dim of the cache)}}
  model.cache_append %k, %v into %c at %p, %p, %b : tensor<4x32xf32>, tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%k: tensor<4x16xf32>, %v: tensor<4x32xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.cache_append' op columns of the values is 32, expected 16 (kv_heads x head_dim of the cache)}}
  model.cache_append %k, %v into %c at %p, %p, %b : tensor<4x16xf32>, tensor<4x32xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%k: tensor<4x16xf32>, %v: tensor<5x16xf32>, %c: !cache, %p: tensor<4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.cache_append' op rows of the values is 5, expected 4 (rows of the keys)}}
  model.cache_append %k, %v into %c at %p, %p, %b : tensor<4x16xf32>, tensor<5x16xf32>, !cache, tensor<4xi32>, tensor<4xi32>, tensor<2x4xi32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %q: tensor<3xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.cache_append' op number of positions is 3, expected 4 (rows of the keys)}}
  model.cache_append %k, %k into %c at %q, %p, %b : tensor<4x16xf32>, tensor<4x16xf32>, !cache, tensor<3xi32>, tensor<4xi32>, tensor<2x4xi32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%k: tensor<4x16xf32>, %c: !cache, %p: tensor<4xi32>, %q: tensor<3xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.cache_append' op number of slots is 3, expected 4 (rows of the keys)}}
  model.cache_append %k, %k into %c at %p, %q, %b : tensor<4x16xf32>, tensor<4x16xf32>, !cache, tensor<4xi32>, tensor<3xi32>, tensor<2x4xi32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op heads is 3, expected a multiple of 2 (kv_heads of the cache)}}
  %y = model.attention %q over %c at %s, %b heads 3 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op columns of the queries is 32, expected 16 (heads x head_dim of the cache)}}
  %y = model.attention %q over %c at %s, %b heads 2 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x3xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op columns of the segments is 3, expected 4 (slot, first row, rows, context)}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x3xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x?xi32>) {
  // expected-error@+1 {{'model.attention' op the block table has a dynamic number of columns ('tensor<2x?xi32>'), expected only rows to be dynamic}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x?xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op scale is 0.000000e+00, expected a positive number below 1e6}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.0 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op rows of the result is 5, expected 4 (rows of the queries)}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<5x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x bf16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op columns of the result is 16, expected 32 (columns of the queries)}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x16xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x f16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op is narrow over a cache of 'f16', expected numbers that bf16 holds: bf16 or i8}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 narrow : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

// expected-error@+1 {{cache of 'bf16' has pages of 16 tokens and heads of 7, expected even numbers: bf16 multiplies pairs}}
func.func @f(%c: !model.cache<8 x 16 x 2 x 7 x bf16>) {
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x f16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention' op span is 24, expected a multiple of 16 (tokens of a page)}}
  %y = model.attention %q over %c at %s, %b heads 4 scale 0.5 span 24 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>
  return
}

// -----

!cache = !model.cache<8 x 16 x 2 x 8 x f16>
func.func @f(%q: tensor<4x32xf32>, %c: !cache, %s: tensor<1x4xi32>, %b: tensor<2x4xi32>) {
  // expected-error@+1 {{'model.attention_partial' op columns of the outputs is 32, expected 64 (a part for each span of the longest context)}}
  %o, %m, %l = model.attention_partial %q over %c at %s, %b heads 4 scale 0.5 span 32 : tensor<4x32xf32>, !cache, tensor<1x4xi32>, tensor<2x4xi32> -> tensor<4x32xf32>, tensor<4x8xf32>, tensor<4x8xf32>
  return
}

// -----

func.func @f(%o: tensor<4x64xf32>, %m: tensor<4x8xf32>, %l: tensor<4x4xf32>, %s: tensor<1x4xi32>) {
  // expected-error@+1 {{'model.attention_combine' op columns of the sums is 4, expected 8 (columns of the largest scores)}}
  %y = model.attention_combine %o, %m, %l at %s heads 4 span 32 : tensor<4x64xf32>, tensor<4x8xf32>, tensor<4x4xf32>, tensor<1x4xi32> -> tensor<4x32xf32>
  return
}
