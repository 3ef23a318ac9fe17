// Ops that know heads, positions and the paged KV cache.
//   positions   i32[N]          absolute position of each row
//   slots       i32[N]          sequence slot of each row, -1 for a padding row
//   segments    i32[S][4]       {slot, first row, rows, context}: context counts this step's rows; rows 0 marks an unused entry
//   block_table i32[slots][P]   page id of each page of each sequence
#ifndef TENON_MODEL_ATTENTION
#define TENON_MODEL_ATTENTION

include "dialects/model/ops/Rows.td"

def Model_RopeOp : Model_PrologueOp<"rope", "cache", [Pure]> {
  let summary = "rotary position embedding, rotate-half form";
  let description = [{
    For each head of size 2h, with c, s = table[positions[n]] (first h entries cosines, last h sines):
    y[d] = x[d] * c[d] - x[d + h] * s[d];  y[d + h] = x[d + h] * c[d] + x[d] * s[d],  0 <= d < h.

    ```mlir
    %y = model.rope %x, %positions, %table heads 8 : tensor<?x256xf32>, tensor<?xi32>, tensor<1024x32xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$x, Model_Indices:$positions, Model_Matrix:$table, I64Attr:$heads);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x `,` $positions `,` $table `heads` $heads attr-dict `:` type($x) `,` type($positions) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def Model_CacheAppendOp : Model_AnchorOp<"cache_append", "cache"> {
  let summary = "writes this step's keys and values into the cache";
  let description = [{
    For each row n with slots[n] >= 0, p = positions[n]: page = block_table[slots[n], p / page_tokens],
    cache.keys[page, :, p % page_tokens, :] = k[n], cache.values[...] = v[n], rounded to the cache's element type.

    ```mlir
    model.cache_append %k, %v into %cache at %positions, %slots, %block_table
      : tensor<?x128xf32>, tensor<?x128xf32>, !model.cache<64 x 64 x 4 x 32 x bf16>, tensor<?xi32>, tensor<?xi32>, tensor<4x16xi32>
    ```
  }];
  let arguments = (ins Model_Activations:$k, Model_Activations:$v, Arg<Model_CacheType, "", [MemWrite]>:$cache,
                       Model_Indices:$positions, Model_Indices:$slots, Model_Table:$block_table);
  let assemblyFormat = [{
    $k `,` $v `into` $cache `at` $positions `,` $slots `,` $block_table attr-dict
    `:` type($k) `,` type($v) `,` type($cache) `,` type($positions) `,` type($slots) `,` type($block_table)
  }];
  let hasVerifier = 1;
}

def Model_AttentionOp : Model_AnchorOp<"attention", "attention"> {
  let summary = "causal grouped-query attention over the paged cache";
  let description = [{
    For row j of a segment {slot, first, rows, context}, position p = context - rows + j, query head h of kv head g = h / (heads / kv_heads):
    w[t] = softmax_t(scale * q[first + j, h] . keys[g, t]) over 0 <= t <= p;  y[first + j, h] = sum_t w[t] * values[g, t].
    Rows of no segment are left unspecified (the reference leaves zeros). With `narrow` the queries, and the weights relative to the
    largest one so far, are rounded to bf16 before they are multiplied: a bf16 multiplier takes nothing wider. The cost model counts every row at the longest context.

    ```mlir
    %y = model.attention %q over %cache at %segments, %block_table heads 8 scale 0.17677669529663687
      : tensor<?x256xf32>, !model.cache<64 x 64 x 4 x 32 x bf16>, tensor<?x4xi32>, tensor<4x16xi32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$q, Arg<Model_CacheType, "", [MemRead]>:$cache, Model_Table:$segments,
                       Model_Table:$block_table, I64Attr:$heads, F64Attr:$scale, UnitAttr:$narrow);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = [{
    $q `over` $cache `at` $segments `,` $block_table `heads` $heads `scale` $scale (`narrow` $narrow^)? attr-dict
    `:` type($q) `,` type($cache) `,` type($segments) `,` type($block_table) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif
